using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Summaries follow the events inline or from behind, and change from one to the other under live data.</summary>
public sealed class LifecycleSpecs(Postgres postgres)
{
    static readonly string[] Turns = ["Inline", "Async", "Inline"];

    [Fact]
    public async Task There_and_back_the_summaries_say_what_the_events_say()
    {
        var database = await postgres.CreateDatabaseAsync("lifecycle");
        foreach (var (turn, lifecycle) in Turns.Index())
        {
            await using var node = await Start(database, lifecycle);
            var store = node.Services.GetRequiredService<IDocumentStore>();
            foreach (var old in turn is 0 ? [] : await node.Query<Guid[]>("select array_agg(id) from views.mt_doc_order where data ->> 'status' <> 'Cancelled'"))
                Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{old}/cancel")).Status);
            await Seeding.Run(store, node.Services.GetRequiredService<TimeProvider>(), turn, 20, new Seen(_ => { }), TestContext.Current.CancellationToken);
            await node.CaughtUp();

            var found = new List<Difference>();
            var said = await new Verification(store, TestContext.Current.CancellationToken).OfAll(found.Add, new Seen(_ => { }));
            Assert.Empty(found);
            Assert.Equal(20 * (turn + 1), said.Orders);
            Assert.All(said.EventsBehind.Values, behind => Assert.Equal(0, behind));
            Assert.Equal(20 * (turn + 1), await node.Query<long>("select count(*) from views.mt_doc_order_summary"));
        }
    }

    [Fact]
    public async Task From_behind_a_summary_comes_within_seconds()
    {
        await using var node = await Start(await postgres.CreateDatabaseAsync("lifecycle"), "Async");
        var path = (await node.Send("POST", "/v1/orders", new { customerId = "ada", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m } } })).Header("Location")!;
        await node.CaughtUp();

        var summary = await node.Send("GET", path + "/summary");
        Assert.Equal((200, "\"2\"", 19), (summary.Status, summary.Header("ETag"), summary.Content.GetProperty("totalAmount").GetDecimal()));
    }

    [Fact]
    public async Task Summaries_that_lag_cannot_become_inline()
    {
        var database = await postgres.CreateDatabaseAsync("lifecycle");
        await using var source = NpgsqlDataSource.Create(database);
        using var behind = LegacyShop.StoreOn(source, ProjectionLifecycle.Async);
        await behind.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await using (await Join(source, behind, ProjectionLifecycle.Async))
            await new PastOrders(behind, "spec", "0").Store([new(Guid.NewGuid(), "1", [new(new OrderCreated("ada"), DateTimeOffset.UnixEpoch)])]);

        using var inline = LegacyShop.StoreOn(source);
        var refused = await Assert.ThrowsAsync<SetupException>(() => Join(source, inline, ProjectionLifecycle.Inline));
        Assert.StartsWith("OrderSummaries:Lifecycle cannot be Inline yet: some orders have events that their summaries lack.", refused.Message, StringComparison.Ordinal);

        await using (var node = await Start(database, "Async")) await node.CaughtUp();
        await using (await Join(source, inline, ProjectionLifecycle.Inline)) { }
    }

    [Fact]
    public async Task Nodes_beside_each_other_keep_the_summaries_alike()
    {
        await using var node = await Monolith.Start(postgres);
        var (source, store) = (node.Services.GetRequiredService<NpgsqlDataSource>(), node.Services.GetRequiredService<IDocumentStore>());
        await using (await Join(source, store, ProjectionLifecycle.Inline)) { }
        await Assert.ThrowsAsync<SetupException>(() => Join(source, store, ProjectionLifecycle.Async));

        var other = await BuiltProgram.Run(node.ConnectionString, "--urls", "http://127.0.0.1:0", "--OrderSummaries:Lifecycle", "Async");
        Assert.Equal(1, other.Code);
        Assert.Contains("OrderSummaries:Lifecycle is Async, but others use this database with Inline. Stop them first", other.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at OrderMonolith", other.Error, StringComparison.Ordinal);
    }

    Task<Monolith> Start(string database, string lifecycle) => Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle));

    static Task<LockSession> Join(NpgsqlDataSource source, IDocumentStore store, ProjectionLifecycle lifecycle) =>
        new ServingLock(source, store, new(lifecycle), NullLogger<ServingLock>.Instance).Join(TestContext.Current.CancellationToken);
}
