using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Benchmarks;

/// <summary>A database for one run: empty and gone after it, or one that was there. On the server that was named, else in an embedded cluster in a temporary folder.</summary>
public sealed class Store : IAsyncDisposable
{
    static int made;

    readonly string server;
    readonly EmbeddedCluster? cluster;
    readonly DataFolder? folder;

    readonly string name;
    readonly bool isOurs;

    Store(string server, string? existing, EmbeddedCluster? cluster = null, DataFolder? folder = null)
    {
        (this.server, this.cluster, this.folder) = (server, cluster, folder);
        (name, isOurs) = (existing ?? $"bench_{Environment.ProcessId}_{++made}", existing is null);
    }

    /// <summary>How to reach it.</summary>
    public NpgsqlConnectionStringBuilder Address => new(server) { Database = name };

    /// <summary>The server's first process.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Creates it.</summary>
    /// <param name="server">A connection string of a superuser, or nothing for an embedded cluster.</param>
    /// <param name="existing">A database that is there already and stays, instead of an empty one.</param>
    public static async Task<Store> Create(string? server, string? existing = null)
    {
        var store = server is null ? await Embed() : new Store(server, existing);
        if (store.isOurs) await Execute(store.server, $"create database {store.name}");
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
        if (isOurs) await Execute(server, $"drop database {name} with (force)");
        if (cluster is null || folder is null) return;
        await cluster.DisposeAsync();
        Directory.Delete(folder.Root, recursive: true);
    }

    static async Task<Store> Embed()
    {
        var folder = await DataFolder.AtAsync(Path.Combine(Path.GetTempPath(), $"ordermonolith-bench-{Environment.ProcessId}-{++made}"));
        var cluster = await EmbeddedCluster.JoinAsync(folder, PostgresSearch.Machine, NullLogger.Instance, CancellationToken.None);
        return new(cluster.ConnectionString, null, cluster, folder);
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
