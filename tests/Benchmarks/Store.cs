using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Benchmarks;

/// <summary>An empty database for one run, gone after it: on the server that was named, else in an embedded cluster in a temporary folder.</summary>
public sealed class Store : IAsyncDisposable
{
    readonly string server;
    readonly EmbeddedCluster? cluster;
    readonly DataFolder? folder;

    Store(string server, EmbeddedCluster? cluster = null, DataFolder? folder = null) => (this.server, this.cluster, this.folder) = (server, cluster, folder);

    /// <summary>How to reach it.</summary>
    public NpgsqlConnectionStringBuilder Address => new(server) { Database = Name };

    /// <summary>The server's first process.</summary>
    public int ProcessId { get; private set; }

    static string Name { get; } = $"bench_{Environment.ProcessId}";

    /// <summary>Creates it.</summary>
    /// <param name="server">A connection string of a superuser, or nothing for an embedded cluster.</param>
    public static async Task<Store> Create(string? server)
    {
        var store = server is null ? await Embed() : new Store(server);
        await Execute(store.server, $"create database {Name}");
        store.ProcessId = int.Parse(await Ask(store.server, "select split_part(pg_read_file('postmaster.pid'), chr(10), 1)"), CultureInfo.InvariantCulture);
        return store;
    }

    /// <summary>Runs a statement in it.</summary>
    public Task Execute(string sql) => Execute(Address.ConnectionString, sql);

    /// <summary>The one value that a query gives.</summary>
    public Task<string> Ask(string sql) => Ask(Address.ConnectionString, sql);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Execute(server, $"drop database {Name} with (force)");
        if (cluster is null || folder is null) return;
        await cluster.DisposeAsync();
        Directory.Delete(folder.Root, recursive: true);
    }

    static async Task<Store> Embed()
    {
        var folder = await DataFolder.AtAsync(Path.Combine(Path.GetTempPath(), $"ordermonolith-bench-{Environment.ProcessId}"));
        var cluster = await EmbeddedCluster.JoinAsync(folder, PostgresSearch.Machine, NullLogger.Instance, CancellationToken.None);
        return new(cluster.ConnectionString, cluster, folder);
    }

    static async Task Execute(string address, string sql)
    {
        await using var source = NpgsqlDataSource.Create(address);
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    static async Task<string> Ask(string address, string sql)
    {
        await using var source = NpgsqlDataSource.Create(address);
        await using var command = source.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
    }
}
