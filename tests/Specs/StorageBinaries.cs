using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>Which PostgreSQL is taken, among programs that only say their version.</summary>
public sealed class StorageBinaries : IDisposable
{
    readonly TemporaryFolder temporary = new();

    public StorageBinaries() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs are shell scripts.");

    [Fact]
    public async Task The_newest_installed_is_taken()
    {
        Install("16.4", "17.1", "15.8");

        Assert.Equal(17, (await Find()).Version);
    }

    [Fact]
    public async Task Data_is_run_by_the_version_that_wrote_it()
    {
        Install("16.4", "17.1");
        WriteData(16);

        Assert.Equal(16, (await Find()).Version);
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_installed_is_refused()
    {
        Install("17.1", "15.8");
        WriteData(16);

        var refusal = await Assert.ThrowsAsync<StorageException>(Find);

        Assert.Contains("written by PostgreSQL 16, which is not installed (found: 15, 17)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_older_than_15_does_not_count()
    {
        Install("14.13");

        await Assert.ThrowsAsync<StorageException>(Find);
    }

    [Fact]
    public async Task One_that_does_not_run_does_not_count()
    {
        Install("15.8", "18.0");
        await File.WriteAllTextAsync(Path.Combine(temporary.Path, "usr", "18.0", "bin", "initdb"), "#!/nowhere/sh", TestContext.Current.CancellationToken);

        Assert.Equal(15, (await Find()).Version);
    }

    [Fact]
    public async Task Without_any_and_without_npm_three_ways_out_are_named()
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(Find);

        Assert.Contains("install PostgreSQL", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("`docker compose up`", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Orders", refusal.Message, StringComparison.Ordinal);
    }

    /// <inheritdoc />
    public void Dispose() => temporary.Dispose();

    void Install(params string[] versions)
    {
        foreach (var version in versions)
        {
            var folder = Directory.CreateDirectory(Path.Combine(temporary.Path, "usr", version, "bin")).FullName;
            foreach (var program in new[] { "initdb", "pg_ctl" })
            {
                var path = Path.Combine(folder, program);
                File.WriteAllText(path, $"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
                TemporaryFolder.OpenToAll(path);
            }
        }
    }

    void WriteData(int version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(temporary.Path, "data", "cluster")).FullName;
        File.WriteAllText(Path.Combine(folder, "PG_VERSION"), $"{version}\n");
    }

    async Task<PostgresBinaries> Find()
    {
        var installed = Path.Combine(temporary.Path, "usr");
        var search = new PostgresSearch("", Directory.Exists(installed) ? Directory.GetDirectories(installed) : [], Path.Combine(temporary.Path, "cache"));
        var folder = new DataFolder(Path.Combine(temporary.Path, "data"), new(Name: null));
        return await PostgresBinaries.FindAsync(search, folder, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
