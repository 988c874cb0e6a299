using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace OrderMonolith.Storage;

/// <summary>PostgreSQL as an npm package, for machines without one: a pinned version, checked against the hashes known here, unpacked once into a cache folder.</summary>
public static class PostgresPackage
{
    /// <summary>The major version of PostgreSQL in the package.</summary>
    public const int Version = 17;

    const string WaysOut = "Three ways out: install PostgreSQL; run `docker compose up`; or name a server in ConnectionStrings:Orders.";
    const string Release = "17.10.0-beta.17";

    static readonly Dictionary<string, string> Hashes = new()
    {
        ["linux-x64"] = "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
        ["linux-arm64"] = "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
        ["darwin-x64"] = "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
        ["darwin-arm64"] = "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
        ["windows-x64"] = "q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
    };

    // Windows on arm64 runs the x64 programs.
    static string Platform =>
        OperatingSystem.IsWindows() ? "windows-x64"
        : (OperatingSystem.IsMacOS() ? "darwin-" : "linux-") + RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant();

    /// <summary>The folder of the package's programs, fetched now if it is not there yet. Processes that ask at once wait for each other.</summary>
    /// <param name="wanted">What was not found on the machine, for people.</param>
    /// <param name="search">Where npm and the cache are.</param>
    /// <param name="account">Whom the programs are to run as.</param>
    /// <param name="logger">Told of a fetch.</param>
    /// <param name="cancellation">Ends a fetch.</param>
    /// <exception cref="StorageException">It cannot be fetched.</exception>
    public static async Task<string> FetchAsync(string wanted, PostgresSearch search, ServerAccount account, ILogger logger, CancellationToken cancellation)
    {
        var ready = Path.Combine(search.Cache, $"postgres-{Release}-{Platform}");
        var programs = Path.Combine(ready, "package", "native", "bin");
        if (Directory.Exists(ready))
            return programs;
        if (Command.Find("npm", search.SearchPath) is not { } npm || !Hashes.TryGetValue(Platform, out var hash))
            throw new StorageException($"This machine has no {wanted}, and no npm to fetch it with. {WaysOut}");
        account.CreateFolder(search.Cache);
        using var alone = await FileLock.ExclusiveAsync(Path.Combine(search.Cache, "fetch.lock"), cancellation);
        if (Directory.Exists(ready))
            return programs;
        var name = $"@embedded-postgres/{Platform}@{Release}";
        logger.Fetching(wanted, name, search.Cache);
        var making = ready + ".new";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        Directory.CreateDirectory(making);
        var packed = await Command.RunAsync(npm, ["pack", name, "--pack-destination", making], cancellation);
        if (packed.ExitCode != 0)
            throw new StorageException($"This machine has no {wanted}, and npm could not fetch {name}: {packed.LastWords} {WaysOut}");
        await UnpackAsync(Directory.GetFiles(making, "*.tgz").Single(), hash, making, cancellation);
        await account.OpenAsync(making);
        Directory.Move(making, ready);
        return programs;
    }

    static async Task UnpackAsync(string archive, string hash, string into, CancellationToken cancellation)
    {
        await using (var file = File.OpenRead(archive))
        {
            if (Convert.ToBase64String(await SHA512.HashDataAsync(file, cancellation)) != hash)
                throw new StorageException($"{archive} is not the package that was published: its SHA-512 differs. {WaysOut}");
            file.Position = 0;
            await using var plain = new GZipStream(file, CompressionMode.Decompress);
            await TarFile.ExtractToDirectoryAsync(plain, into, overwriteFiles: false, cancellation);
        }
        File.Delete(archive);
        // A package holds no links; an npm install would make those that it lists.
        var package = Path.Combine(into, "package");
        if (Path.Combine(package, "native", "pg-symlinks.json") is var list && File.Exists(list))
            foreach (var link in JsonSerializer.Deserialize<Link[]>(await File.ReadAllTextAsync(list, cancellation), JsonSerializerOptions.Web)!)
                File.CreateSymbolicLink(Path.Combine(package, link.Target), Path.GetRelativePath(Path.GetDirectoryName(link.Target)!, link.Source));
    }

    sealed record Link(string Source, string Target);
}
