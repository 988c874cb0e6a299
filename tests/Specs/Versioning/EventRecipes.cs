using System.Text.Json;
using JasperFx.Events.Projections;
using Marten;
using Marten.Exceptions;
using OrderMonolith.Orders;
using static Marten.Services.Json.Transformations.SystemTextJson.JsonTransformations;

namespace OrderMonolith.Specs;

/// <summary>The recipes by which events change, followed line by line: what tomorrow's node makes of today's events, and today's of tomorrow's.</summary>
public sealed class EventRecipes(OneMonolith one, Postgres postgres) : IClassFixture<OneMonolith>, IDisposable
{
    readonly Tomorrow tomorrow = new(one.Service);
    readonly Batches batches = new(one.Service);
    readonly RawEvents raw = new(one.Service);

    public void Dispose() => tomorrow.Dispose();

    /// <summary>A compatible field: a new member that may be absent, under the same name.</summary>
    static class Wrapped
    {
        public sealed record ItemAdded(string ProductId, int Quantity, decimal UnitPrice, string? Description = null, bool? GiftWrap = null);
    }

    [Fact]
    public async Task A_member_that_may_be_absent_needs_no_line_and_nodes_of_both_kinds_live_side_by_side()
    {
        var node = tomorrow.Instead<ItemAdded>(
            store => store.Events.Event<Wrapped.ItemAdded>("item_added_v2"),
            fact => fact is Wrapped.ItemAdded e ? new ItemAdded(e.ProductId, e.Quantity, e.UnitPrice, e.Description) : fact);
        var id = await batches.NewOrder();
        Assert.Equal(new Wrapped.ItemAdded("tea", 1, 9.5m), (await Tomorrow.Facts(node, id))[1]);

        await Tomorrow.Append<Order>(node, id, new Wrapped.ItemAdded("mug", 1, 4m, GiftWrap: true));
        Assert.Equal(new ItemAdded("mug", 1, 4m), (await batches.Facts(id))[2]);
        Assert.Equal((200, 4, 13.5m), await Confirmed(id));
        Assert.Equal(new Wrapped.ItemAdded("mug", 1, 4m, GiftWrap: true), (await Tomorrow.Facts(node, id))[2]);
    }

    /// <summary>An incompatible generation: prices are told net and with their tax.</summary>
    static class Taxed
    {
        public sealed record ItemAdded(string ProductId, int Quantity, decimal Net, decimal TaxRate, string? Description = null);

        /// <summary>The lines of the recipe: a new name for what is written, and each older generation made the next, one after another.</summary>
        public static void Lines(StoreOptions store)
        {
            store.Events.Event<ItemAdded>("item_added_v3");
            store.Events.Upcast<ItemAdded>("item_added_v2", Upcast(old => FromV2(V2(old))));
            store.Events.Upcast<ItemAdded>("item_added", Upcast(old => FromV2(FromV1(old))));
        }

        static Orders.ItemAdded V2(JsonDocument old) => old.Deserialize<Orders.ItemAdded>(Json.Stored)!;

        static Orders.ItemAdded FromV1(JsonDocument old) => new(
            old.RootElement.GetProperty("productId").GetString()!, old.RootElement.GetProperty("quantity").GetInt32(), old.RootElement.GetProperty("price").GetDecimal());

        static ItemAdded FromV2(Orders.ItemAdded old) => new(old.ProductId, old.Quantity, old.UnitPrice, 0, old.Description);

        public static object Meaning(object fact) => fact is ItemAdded e ? new Orders.ItemAdded(e.ProductId, e.Quantity, e.Net * (1 + e.TaxRate), e.Description) : fact;
    }

    [Fact]
    public async Task An_incompatible_generation_gets_a_new_name_and_reads_every_older_one()
    {
        var node = tomorrow.Instead<ItemAdded>(Taxed.Lines, Taxed.Meaning);
        var first = await raw.Lying(
            ("order_created", """{"orderId":"00000001-0000-0000-0000-000000000000","customerId":"ada"}"""),
            ("item_added", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":3,"price":9.50}"""));
        var second = await batches.NewOrder();

        Assert.Equal(new Taxed.ItemAdded("tea", 3, 9.5m, 0), (await Tomorrow.Facts(node, first))[1]);
        Assert.Equal(new Taxed.ItemAdded("tea", 1, 9.5m, 0), (await Tomorrow.Facts(node, second))[1]);

        await Tomorrow.Append<Order>(node, second, new Taxed.ItemAdded("mug", 1, 10m, 0.2m));
        Assert.Equal(new Taxed.ItemAdded("mug", 1, 10m, 0.2m), (await Tomorrow.Facts(node, second))[2]);
        await using var session = node.LightweightSession();
        Assert.Equal(21.5m, (await session.Events.FetchLatest<Order>(second, TestContext.Current.CancellationToken))!.TotalAmount);
    }

    [Fact]
    public async Task An_older_node_fails_aloud_on_a_generation_that_it_does_not_know()
    {
        var node = tomorrow.Instead<ItemAdded>(Taxed.Lines, Taxed.Meaning);
        var id = await batches.NewOrder();
        await Tomorrow.Append<Order>(node, id, new Taxed.ItemAdded("mug", 1, 10m, 0.2m));

        await Assert.ThrowsAsync<UnknownEventTypeException>(() => batches.Facts(id));
        foreach (var path in new[] { "?version=3", "/events", "/diff", $"?at={DateTime.UtcNow.AddHours(1):O}" })
        {
            var answer = await one.Service.Send("GET", $"/v1/orders/{id}{path}");
            Assert.Equal((503, "projection-behind", "1"), (answer.Status, answer.Code, answer.Header("Retry-After")));
        }

        // What tomorrow's node wrote of the order is whole, so it is shown and decided on.
        Assert.Equal((200, 4, 21.5m), await Confirmed(id));
    }

    [Fact]
    public async Task An_older_nodes_view_stops_before_it_and_skips_nothing()
    {
        await using var older = await Monolith.Start(postgres, null, ("OrderSummaries:Lifecycle", "Async"));
        using var newer = new Tomorrow(older, ProjectionLifecycle.Async);
        var orders = new Batches(older);
        var id = await orders.NewOrder();
        await older.CaughtUp();

        await Tomorrow.Append<Order>(newer.Instead<ItemAdded>(Taxed.Lines, Taxed.Meaning), id, new Taxed.ItemAdded("mug", 1, 10m, 0.2m));
        var later = await orders.NewOrder();
        await Eventually.That(async () => (await older.Send("GET", "/v1/orders")).Code is "projection-behind");
        Assert.Equal(2, await older.Query<long>("select last_seq_id from events.mt_event_progression where name = 'order_summaries:All'"));
        Assert.Equal([id], await older.Query<Guid[]>("select array_agg(id) from views.mt_doc_order_summary"));
        Assert.Equal(200, (await older.Send("GET", $"/v1/orders/{later}")).Status);
    }

    async Task<(int Status, int Version, decimal Total)> Confirmed(Guid id)
    {
        var answer = await one.Service.Send("POST", $"/v1/orders/{id}/confirm");
        return (answer.Status, answer.Content.GetProperty("version").GetInt32(), answer.Content.GetProperty("totalAmount").GetDecimal());
    }
}
