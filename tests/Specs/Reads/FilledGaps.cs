using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Commands;
using OrderMonolith.History;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Where an append fails after it has taken its place in history, the store fills the place with an event of its own. It is nobody's order, and keeps nothing from going on.</summary>
public sealed class FilledGaps(Postgres postgres)
{
    static readonly object Tea = new { customerId = "ada", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m } } };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task Views_searches_and_checks_go_on_over_it(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("gaps");
        await using (var node = await Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle)))
        {
            await node.Send("POST", "/v1/orders", Tea);
            await FailAfterAppending(node);
            var token = (await node.Send("POST", "/v1/orders", Tea)).Header("Consistency-Token")!;
            Assert.Equal(2, (await node.Send("GET", "/v1/orders", null, ("Consistency-Token", token))).Content.GetProperty("items").GetArrayLength());
            await IsSound(node);
        }

        // The other lifecycle has the view looked at as a whole first.
        await using var other = await Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle is "Inline" ? "Async" : "Inline"));
        Assert.Contains("Healthy", (await other.Send("GET", "/health/ready")).Body);
        await IsSound(other);
    }

    [Fact]
    public async Task Views_are_built_anew_over_it()
    {
        await using var node = await Monolith.Start(postgres);
        await node.Send("POST", "/v1/orders", Tea);
        await FailAfterAppending(node);
        await node.Send("POST", "/v1/orders", Tea);
        using var daemon = await node.Services.GetRequiredService<IDocumentStore>().BuildProjectionDaemonAsync();
        foreach (var view in new[] { "orders", "order_summaries" }) await daemon.RebuildProjectionAsync(view, Cancellation);
        await IsSound(node);
    }

    static async Task FailAfterAppending(Monolith node)
    {
        var store = node.Services.GetRequiredService<IDocumentStore>();
        await using (var session = store.LightweightSession())
        {
            session.Events.StartStream<Order>(Guid.CreateVersion7(), new OrderCreated("ada"), new ItemAdded("tea", 1, 1));
            for (var i = 0; i < 2; i++) session.Insert(new StoredOutcome { Id = "the same" });
            await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync(Cancellation));
        }

        await Eventually.That(async () => await node.Query<long>("select count(*) from events.mt_events where type = 'tombstone'") >= 2);
    }

    static async Task IsSound(Monolith node)
    {
        var store = node.Services.GetRequiredService<IDocumentStore>();
        var found = new List<Difference>();
        var verified = await new Verification(store, Cancellation).OfAll(found.Add, new Seen(_ => { }));
        Assert.Empty(found);
        Assert.Equal((2, 4), (verified.Orders, verified.Events));
        Assert.Equal(4, await new EventSearch(Until: DateTimeOffset.MaxValue).In(store, Cancellation).CountAsync(Cancellation));
        Assert.Equal(2, await OrderHistories.Between(store, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, Cancellation).CountAsync(Cancellation));
        Assert.Equal(0, (await new EventCheck(store, _ => { }, new Seen(_ => { }), Cancellation).Run()).Unreadable);
    }
}
