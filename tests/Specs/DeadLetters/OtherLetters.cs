using Marten;
using static OrderMonolith.Specs.Carts;
using static OrderMonolith.Specs.Refusals;

namespace OrderMonolith.Specs;

/// <summary>Deliveries that were given up, and events that stopped a view, are dead letters like all others.</summary>
public sealed class OtherLetters(Postgres postgres)
{
    [Fact]
    public async Task A_delivery_that_was_given_up_is_tried_again_or_left_out()
    {
        await using var node = await Monolith.Start(postgres);
        var orders = new List<Guid>();
        for (var i = 0; i < 3; i++) orders.Add(await node.Begun(5));

        // All at the same moment, as deliveries that end together are.
        await Execute(node.ConnectionString, """
            insert into outward.deliveries (target, order_id, version, sequence, type, due, attempts, given_up_at, why)
            select 'some-shop', stream_id, version, seq_id, 'order.created.v1', 'infinity', 9, date_trunc('second', now()), 'It answered 500.' from events.mt_events where version = 1
            """);

        var ids = await node.LetterIds();
        Assert.Equal(orders.Order().Select(order => $"delivery-some-shop-{order}-1"), ids);
        Assert.Equal(ids, [.. await node.LetterIds("?limit=2"), .. await node.LetterIds($"?limit=2&cursor={(await node.Send("GET", Letters + "?limit=2")).Content.GetProperty("next").GetString()}")]);
        var letter = (await node.Send("GET", $"{Letters}/{ids[0]}")).Content;
        Assert.Equal(("Delivery", "some-shop", 9, "It answered 500."), (letter.GetProperty("kind").GetString(), letter.GetProperty("target").GetString(), letter.GetProperty("attempts").GetInt32(), letter.GetProperty("why").GetString()));
        Assert.Equal("order.created.v1", letter.GetProperty("message").GetProperty("type").GetString());

        Assert.Equal("validation-failed", (await node.Send("POST", $"{Letters}/{ids[0]}/retries", new { message = new { } })).Code);
        for (var time = 0; time < 2; time++) Assert.Equal(202, (await node.Send("POST", $"{Letters}/{ids[0]}/retries")).Status);
        for (var time = 0; time < 2; time++) Assert.Equal(200, (await node.Send("POST", $"{Letters}/{ids[1]}/discards", new { reason = "told by phone" })).Status);
        Assert.Equal([ids[2]], await node.LetterIds());
        Assert.Equal(2, await node.Query<long>("select count(*) from outward.deliveries"));
        Assert.True(await node.Query<bool>($"select given_up_at is null and attempts = 0 and due <= now() from outward.deliveries where order_id = '{ids[0].Split("some-shop-")[1][..36]}'"));
    }

    [Fact]
    public async Task An_event_that_stops_a_view_waits_until_the_view_can_take_it_or_goes_on_without_it()
    {
        await using var node = await Monolith.Start(postgres, null, Choosy, ("OrderSummaries:Lifecycle", "Async"), ("DriftWatch:Interval", "00:00:00.2"));
        var order = (await node.Send("POST", "/v1/orders", new { customerId = "ada", items = new[] { new { productId = "poison", quantity = 2, unitPrice = 9.5m } } })).Content.GetProperty("id").GetGuid();
        await Eventually.That(async () => (await node.LetterIds()).Count == 1);
        var id = (await node.LetterIds())[0];
        Assert.Equal("event-order_summaries-2", id);

        var letter = (await node.Send("GET", $"{Letters}/{id}")).Content;
        Assert.Equal(("Event", "item_added_v2", "order_summaries", order), (letter.GetProperty("kind").GetString(), letter.GetProperty("type").GetString(), letter.GetProperty("target").GetString(), letter.GetProperty("orderId").GetGuid()));
        Assert.Equal("poison", letter.GetProperty("message").GetProperty("productId").GetString());
        Assert.Equal([id], await node.LetterIds("?kind=Event&type=item_added_v2"));
        Assert.Empty(await node.LetterIds("?kind=Message"));

        var tried = await node.Send("POST", $"{Letters}/{id}/retries");
        Assert.Equal("dead-letter-conflict", tried.Code);
        Assert.Contains("No poison.", tried.Content.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal([id], await node.LetterIds());

        for (var time = 0; time < 2; time++) Assert.Equal(200, (await node.Send("POST", $"{Letters}/{id}/discards", new { reason = "a test" })).Status);
        Assert.Empty(await node.LetterIds());
        Assert.Equal([id], await node.LetterIds("?state=Discarded"));
        Assert.Equal("a test", await node.Query<string>("select data ->> 'reason' from views.mt_doc_skipped_event"));
        await Eventually.That(async () => (await node.Send("GET", $"/v1/orders/{order}/summary")).Status is 200);
    }

    static void Choosy(StoreOptions store)
    {
        var right = store.Projections.All.Single(view => view.Name is "order_summaries");
        store.Projections.Add(new ChoosySummaries(), right.Lifecycle);
        store.Projections.All.Remove(right);
    }
}
