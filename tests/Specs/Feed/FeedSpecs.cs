using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>All that happened can be fetched, in order, without a gap.</summary>
public sealed class FeedSpecs(Postgres postgres)
{
    [Fact]
    public async Task Batch_by_batch_every_event_is_there_once_in_the_order_of_the_history()
    {
        await using var service = await Monolith.Start(postgres);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(n => DeliverySpecs.Checkout(service, items: n % 3 + 1)));
        await service.CaughtUp();

        var all = new List<JsonElement>();
        await Eventually.That(async () => (all = await Walk(service, "/v1/events?limit=7")).Count == 12 * 4);

        Assert.Equal(all.Count, all.Select(e => e.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal(await service.Query<string[]>("select array_agg(id::text order by seq_id) from events.mt_events"), all.Select(e => e.GetProperty("id").GetString()));
        foreach (var order in all.GroupBy(e => e.GetProperty("subject").GetString()))
            Assert.Equal(Enumerable.Range(1, order.Count()).Select(n => $"{n}"), order.Select(e => e.GetProperty("sequence").GetString()));
    }

    [Fact]
    public async Task Behind_a_command_only_what_came_later_is_told()
    {
        await using var service = await Monolith.Start(postgres);
        var created = await service.Send("POST", "/v1/orders", new { customerId = "alice" });
        var order = created.Content.GetProperty("id").GetString();
        await service.Send("POST", $"/v1/orders/{order}/cancel", new { reason = "changed my mind" });

        await Eventually.That(async () => (await service.Send("GET", "/v1/events")).Content.GetArrayLength() == 2);

        var later = (await service.Send("GET", $"/v1/events?after={created.Header("Consistency-Token")}")).Content.EnumerateArray().ToList();
        Assert.Equal("order.cancelled.v1", Assert.Single(later).GetProperty("type").GetString());
        Assert.Equal("changed my mind", later[0].GetProperty("data").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_position_of_another_history_is_refused()
    {
        await using var service = await Monolith.Start(postgres);
        Assert.Equal("consistency-token-unknown", (await service.Send("GET", "/v1/events?after=nonsense")).Code);
        Assert.Equal("consistency-token-unknown", (await service.Send("GET", "/v1/events/stream", null, ("Last-Event-ID", "nonsense"))).Code);
        Assert.Equal("validation-failed", (await service.Send("GET", "/v1/events?limit=1001")).Code);
    }

    static async Task<List<JsonElement>> Walk(Monolith service, string? next)
    {
        var all = new List<JsonElement>();
        for (var batch = await service.Send("GET", next!); batch.Content.GetArrayLength() > 0; batch = await service.Send("GET", next!))
        {
            all.AddRange(batch.Content.EnumerateArray());
            next = batch.Header("Link")![1..].Split('>')[0];
        }

        return all;
    }
}
