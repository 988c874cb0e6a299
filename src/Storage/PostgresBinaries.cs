using System.Globalization;
using System.Text.RegularExpressions;

namespace OrderMonolith.Storage;

/// <summary>The programs of one PostgreSQL installation that can make and run a cluster.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Version">Their major version, 15 or later.</param>
public sealed partial record PostgresBinaries(string Folder, int Version)
{
    const int Oldest = 15;

    static readonly string Programs = OperatingSystem.IsWindows() ? ".exe" : "";

    /// <summary>Makes a cluster.</summary>
    public string Initialise => Path.Combine(Folder, "initdb" + Programs);

    /// <summary>Starts and stops a server.</summary>
    public string Control => Path.Combine(Folder, "pg_ctl" + Programs);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionText { get; }

    /// <summary>
    /// Finds what can run a folder's cluster: the newest installed, or what fits the data that is there. Where nothing does, the pinned package is fetched
    /// with npm, once for all.
    /// </summary>
    /// <exception cref="StorageException">There is nothing, and nothing can be fetched; or the data needs another version.</exception>
    public static async Task<PostgresBinaries> FindAsync(PostgresSearch search, DataFolder folder, ILogger logger, CancellationToken cancellation)
    {
        var probes = await Task.WhenAll(search.Folders.Distinct().Select(place => ProbeAsync(place, folder.Account)));
        var installed = probes.OfType<PostgresBinaries>().Where(found => found.Version >= Oldest).ToList();
        if (folder.Version is not { } version)
            return installed.MaxBy(found => found.Version) ?? await PackagedAsync($"PostgreSQL {Oldest} or later");
        return installed.Find(found => found.Version == version)
            ?? (version == PostgresPackage.Version ? await PackagedAsync($"PostgreSQL {version}, which wrote the data in {folder.Root}") : throw new StorageException(
                $"The data in {folder.Root} was written by PostgreSQL {version}, which is not installed (found: {Listed(installed)}). Install PostgreSQL {version}, or name another folder in Storage:DataFolder."));

        async Task<PostgresBinaries> PackagedAsync(string wanted) => new(await PostgresPackage.FetchAsync(wanted, search, folder.Account, logger, cancellation), PostgresPackage.Version);
    }

    static string Listed(List<PostgresBinaries> installed) => installed.Count == 0 ? "none" : string.Join(", ", installed.Select(found => found.Version).Distinct().Order());

    static async Task<PostgresBinaries?> ProbeAsync(string place, ServerAccount account)
    {
        var found = new PostgresBinaries(place, 0);
        if (!File.Exists(found.Initialise) || !File.Exists(found.Control))
            return null;
        // Asked under the account that is to run it: what that account cannot run is not there.
        var said = await account.RunAsync(found.Initialise, "--version");
        return said.ExitCode == 0 && VersionText.Match(said.Output) is { Success: true } version
            ? found with { Version = int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture) }
            : null;
    }
}
