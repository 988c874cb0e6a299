namespace OrderMonolith.Storage;

/// <summary>Where PostgreSQL's programs and npm are looked for.</summary>
/// <param name="SearchPath">Folders in the form of PATH.</param>
/// <param name="UsualFolders">Where installers put PostgreSQL outside of PATH.</param>
/// <param name="Cache">Where a fetched one is kept.</param>
public sealed record PostgresSearch(string SearchPath, IReadOnlyList<string> UsualFolders, string Cache)
{
    static readonly (string Parent, string Pattern)[] Usual =
    [
        ("/usr/lib/postgresql", "*"), // Debian, Ubuntu
        ("/usr", "pgsql-*"), // Red Hat, from PostgreSQL's own packages
        ("/usr/lib", "postgresql*"), // SUSE
        ("/usr/libexec", "postgresql*"), // Alpine
        ("/opt/homebrew/opt", "postgresql@*"), // Homebrew
        ("/usr/local/opt", "postgresql@*"),
        ("/Applications/Postgres.app/Contents/Versions", "*"),
        (@"C:\Program Files\PostgreSQL", "*"),
    ];

    /// <summary>This machine.</summary>
    public static PostgresSearch Machine => new(
        Environment.GetEnvironmentVariable("PATH") ?? "",
        [.. Usual.Where(place => Directory.Exists(place.Parent)).SelectMany(place => Directory.EnumerateDirectories(place.Parent, place.Pattern))],
        ServerAccount.IsRoot ? "/var/cache/ordermonolith"
        : OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "OrderMonolith")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "ordermonolith"));

    /// <summary>All folders that may hold the programs, those of the search path first.</summary>
    public IEnumerable<string> Folders =>
        SearchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(UsualFolders.SelectMany(folder => new[] { Path.Combine(folder, "bin"), folder }));
}
