using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace OrderMonolith.Storage;

/// <summary>Where an embedded cluster lives: its files, its password and port, and the locks of the processes that share it.</summary>
/// <param name="Root">The full path of the folder.</param>
/// <param name="Account">Whom PostgreSQL runs as there.</param>
public sealed partial record DataFolder(string Root, ServerAccount Account)
{
    /// <summary>PostgreSQL's own data directory, there once it has been prepared in full.</summary>
    public string Cluster => ClusterIn(Root);

    /// <summary>What PostgreSQL has to say.</summary>
    public string Log => Path.Combine(Cluster, "server.log");

    /// <summary>The superuser's password; for the owner of the cluster and root alone.</summary>
    public string PasswordFile => Path.Combine(Root, "password");

    /// <summary>Held by one process while it starts or stops the server.</summary>
    public string StartLock => Path.Combine(Root, "start.lock");

    /// <summary>Held by every process that uses the server.</summary>
    public string UsersLock => Path.Combine(Root, "users.lock");

    /// <summary>PostgreSQL's own note of the running server; its first line is the process id.</summary>
    public string ProcessFile => Path.Combine(Cluster, "postmaster.pid");

    /// <summary>The process id in that note, or nothing when there is none.</summary>
    public int? ProcessId
    {
        get
        {
            try
            {
                return int.TryParse(File.ReadLines(ProcessFile).FirstOrDefault(), CultureInfo.InvariantCulture, out var id) ? id : null;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // A server that stops removes it at any moment.
                return null;
            }
        }
    }

    /// <summary>The port that the server last listened on, as PostgreSQL noted it then, or 0.</summary>
    public int Port => File.Exists(OptionsFile) && PortOption.Match(File.ReadAllText(OptionsFile)) is { Success: true } port ? int.Parse(port.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;

    /// <summary>The major version of PostgreSQL that made the cluster, or nothing before there is one.</summary>
    public int? Version => File.Exists(VersionFile) ? int.Parse(File.ReadAllText(VersionFile), CultureInfo.InvariantCulture) : null;

    string OptionsFile => Path.Combine(Cluster, "postmaster.opts");

    string VersionFile => Path.Combine(Cluster, "PG_VERSION");

    [GeneratedRegex(@"\bport=(\d{1,5})\b")]
    private static partial Regex PortOption { get; }

    /// <summary>
    /// The folder for this process: the configured one, else <c>.data</c> under the content root. Where root runs us and the database's account cannot enter
    /// that, a folder under <c>/var/lib/ordermonolith</c> that belongs to this content root. One that already holds a cluster goes before one that does not.
    /// </summary>
    public static async Task<DataFolder> LocateAsync(string? configured, string contentRoot)
    {
        configured = string.IsNullOrWhiteSpace(configured) ? null : configured;
        var local = await AtAsync(Path.GetFullPath(configured ?? ".data", contentRoot));
        if (configured is not null || local.Account.Name is null || Directory.Exists(local.Cluster))
            return local;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(contentRoot))));
        var reachable = await AtAsync($"/var/lib/ordermonolith/{Convert.ToHexStringLower(hash)[..16]}");
        return Directory.Exists(reachable.Cluster) || !await local.Account.ReachesAsync(local.Root) ? reachable : local;
    }

    /// <summary>The folder at a full path.</summary>
    public static async Task<DataFolder> AtAsync(string root) => new(root, await ServerAccount.OfAsync(ClusterIn(root)));

    /// <summary>Creates the folder and makes sure that it can be used: an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> says that we cannot write there.</summary>
    /// <exception cref="StorageException">The database's account cannot enter.</exception>
    public async Task PrepareAsync()
    {
        Account.CreateFolder(Root);
        await using (var probe = new FileStream(Path.Combine(Root, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            probe.WriteByte(0);
        if (!await Account.ReachesAsync(Root))
            throw new StorageException($"The account {Account.Name}, which runs PostgreSQL because root may not, cannot enter the data folder {Root}. Open the way to it, or name another folder in Storage:DataFolder.");
    }

    static string ClusterIn(string root) => Path.Combine(root, "cluster");
}
