using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>A rebuild that was cut short leaves views half empty: nobody serves on them, whenever he started.</summary>
public sealed class CutShortRebuilds(Postgres postgres) : IAsyncLifetime
{
    const string Locks = "pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";

    string connectionString = "";
    NpgsqlDataSource database = null!;
    DocumentStore store = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A store with an order, settled.</summary>
    public async ValueTask InitializeAsync()
    {
        connectionString = await postgres.CreateDatabaseAsync("cut");
        database = NpgsqlDataSource.Create(connectionString);
        store = LegacyShop.StoreOn(database);
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await using (await Node().Join(Cancellation))
            await new PastOrders(store, "spec", "0").Store([new(Guid.NewGuid(), "1", [new(new OrderCreated("ada"), DateTimeOffset.UnixEpoch)])]);
    }

    public async ValueTask DisposeAsync()
    {
        store.Dispose();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData("views.mt_doc_order", "Some orders have events that their documents lack")]
    [InlineData("views.mt_doc_order_summary", "OrderSummaries:Lifecycle cannot be Inline yet")]
    public async Task Nodes_that_waited_for_it_refuse_to_serve(string view, string why)
    {
        var rebuild = await Rebuild();
        Task<LockSession>[] waiting = [Node().Join(Cancellation), Node().Join(Cancellation)];
        await Waiting(2);
        await Execute($"truncate {view}");
        await rebuild.DisposeAsync();

        foreach (var node in waiting)
            Assert.StartsWith(why, (await Assert.ThrowsAsync<SetupException>(() => node)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_that_waited_for_one_that_ended_well_all_serve()
    {
        var rebuild = await Rebuild();
        Task<LockSession>[] waiting = [Node().Join(Cancellation), Node().Join(Cancellation), Node().Join(Cancellation)];
        await Waiting(3);
        await rebuild.DisposeAsync();

        foreach (var node in await Task.WhenAll(waiting).WaitAsync(Eventually.Never, Cancellation)) await node.DisposeAsync();
        await using var session = store.QuerySession();
        Assert.NotNull(await session.LoadAsync<ViewLifecycle>("order_summaries", Cancellation));
    }

    [Fact]
    public async Task A_node_that_lost_sight_of_the_database_meanwhile_stops()
    {
        using var node = Node();
        await node.StartAsync(Cancellation);

        // The rebuild stands in line for the lock, so that it has it the moment the node loses it.
        await using var rebuild = await database.OpenConnectionAsync(Cancellation);
        await using var line = new NpgsqlCommand($"select pg_advisory_lock(objid::bigint | (classid::bigint << 32)) from {Locks}", rebuild);
        var turn = line.ExecuteNonQueryAsync(Cancellation);
        await Waiting(1);
        await Execute($"select pg_terminate_backend(pid) from {Locks} and granted");
        await turn;
        await ViewGuard.Forget(store);
        await using (var end = new NpgsqlCommand("select pg_advisory_unlock_all()", rebuild)) await end.ExecuteNonQueryAsync(Cancellation);

        var stopped = await Assert.ThrowsAsync<InvalidOperationException>(() => node.ExecuteTask!.WaitAsync(Eventually.Never, Cancellation));
        Assert.Contains("a rebuild began. This node stops serving.", stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_says_nothing_more_does_not_hold_up_the_end()
    {
        await using var line = new BrittleLine(connectionString);
        await using var through = NpgsqlDataSource.Create(line.ConnectionString);
        var session = await LockSession.Open(through, Cancellation);
        Assert.True(await session.TryShared(Cancellation));
        line.FallSilent();
        await session.DisposeAsync().AsTask().WaitAsync(Eventually.Never, Cancellation);
    }

    /// <summary>What a rebuild does before it empties its view.</summary>
    async Task<LockSession> Rebuild()
    {
        var alone = await LockSession.Open(database, Cancellation);
        Assert.True(await alone.TryAlone(Cancellation));
        await ViewGuard.Forget(store);
        return alone;
    }

    ServingLock Node() => new(database, store, new(ProjectionLifecycle.Inline), NullLogger<ServingLock>.Instance);

    async Task Waiting(int nodes)
    {
        await using var question = database.CreateCommand($"select count(*) from {Locks} and not granted");
        await Eventually.That(async () => (long)(await question.ExecuteScalarAsync(Cancellation))! >= nodes);
    }

    async Task Execute(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(Postgres.AsOwner(connectionString));
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
