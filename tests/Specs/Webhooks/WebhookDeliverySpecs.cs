using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrderMonolith.Webhooks;

namespace OrderMonolith.Specs;

/// <summary>From an order to a partner's endpoint, whatever the endpoint does.</summary>
public sealed class WebhookDeliverySpecs(Postgres postgres)
{
    static readonly (string, string)[] Quick = [.. Receiver.Allowed, ("Webhooks:RetryDelays:0", "00:00:00.050"), .. Enumerable.Range(1, 20).Select(i => ($"Webhooks:RetryDelays:{i}", "00:00:00.100"))];

    [Fact]
    public async Task Every_event_arrives_signed_and_those_of_an_order_in_order()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Receiver.Allowed);
        var created = await Create(service, receiver);
        var orders = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => DeliverySpecs.Checkout(service, items: 2)));

        await Eventually.That(() => Task.FromResult(receiver.All.Count >= 40));
        Assert.Equal(40, receiver.All.Count);
        foreach (var order in orders) Assert.Equal([1, 2, 3, 4], Versions(receiver, order));
        Assert.All(receiver.All, got => Assert.True(StandardWebhooks.Verifies(created.Content.GetProperty("secret").GetString()!, got)));
        Assert.All(receiver.All, got => Assert.Equal(got.Id, got.Event.GetProperty("id").GetString()));
        var ids = (await service.Send("GET", $"/v1/orders/{orders[0]}/events")).Content.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("id").GetString());
        Assert.Equal(ids, receiver.All.Where(got => got.Order == orders[0]).Select(got => got.Id));
    }

    [Fact]
    public async Task An_order_that_is_not_taken_waits_alone_and_all_of_it_can_be_seen()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Quick);
        var address = (await Create(service, receiver)).Header("Location")!;
        var (broken, refuse) = (Guid.CreateVersion7(), true);
        receiver.Answer = async (got, http) =>
        {
            if (!Volatile.Read(ref refuse) || got.Order != broken || got.Version != 2) return;
            http.Response.StatusCode = 500;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(http.Response, "not this one");
        };
        await DeliverySpecs.Checkout(service, items: 1, broken);
        var other = await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(Versions(receiver, other).Count == 3 && Versions(receiver, broken).Count > 3));
        Assert.Equal([1, 2], Versions(receiver, broken).Distinct());

        await Eventually.That(async () => (await Items(service, address, "Failed")).Count > 1);
        var failed = (await Items(service, address, "Failed"))[0];
        Assert.Equal((500, "answered 500", "order.item-added.v1", 2), (failed.GetProperty("status").GetInt32(), failed.GetProperty("fault").GetString(), failed.GetProperty("type").GetString(), failed.GetProperty("version").GetInt32()));
        Assert.Equal([2, 3], (await Items(service, address, "Waiting")).Select(item => item.GetProperty("version").GetInt32()));
        var details = (await service.Send("GET", $"{address}/deliveries/{failed.GetProperty("eventId").GetString()}")).Content;
        Assert.Equal(("Waiting", "not this one"), (details.GetProperty("state").GetString(), details.GetProperty("attempts")[0].GetProperty("response").GetString()));
        Assert.Equal(JsonElement.Parse(details.GetProperty("request").GetString()!).GetProperty("id").GetString(), details.GetProperty("eventId").GetString());
        Assert.Single(receiver.All.Where(got => got.Order == broken && got.Version == 2).Select(got => got.Id).Distinct());

        Volatile.Write(ref refuse, false);
        await Eventually.That(() => Task.FromResult(Versions(receiver, broken).Contains(3)));
        Assert.Equal([1, 2, 3], Versions(receiver, broken).Distinct());
        await Eventually.That(async () => (await Items(service, address, "Waiting")).Count == 0);
    }

    [Fact]
    public async Task One_that_is_gone_is_paused_and_gets_everything_when_it_is_back()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Quick);
        var address = (await Create(service, receiver)).Header("Location")!;
        receiver.Says(410);
        var order = await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await Read(service, address)).GetProperty("status").GetString() == "Paused");
        Assert.Equal("The endpoint answered 410: it is gone.", (await Read(service, address)).GetProperty("pausedBecause").GetString());
        var later = await DeliverySpecs.Checkout(service, items: 1);
        Assert.Empty(Versions(receiver, later));

        receiver.Says(200);
        var tried = receiver.All.Count;
        Assert.Equal(200, (await service.Send("PATCH", address, """{"status":"Active"}""")).Status);
        await Eventually.That(() => Task.FromResult(receiver.All.Count >= tried + 6));
        Assert.Equal([1, 2, 3], receiver.All.Skip(tried).Where(got => got.Order == order).Select(got => got.Version));
        Assert.Equal([1, 2, 3], Versions(receiver, later));
    }

    [Fact]
    public async Task One_that_takes_nothing_for_long_is_paused_and_it_is_said_why()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, [.. Quick, ("Webhooks:PauseAfter", "00:00:00.500")]);
        var address = (await Create(service, receiver)).Header("Location")!;
        await receiver.Stop();
        var order = await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await Read(service, address)).GetProperty("status").GetString() == "Paused");
        var paused = await Read(service, address);
        Assert.Matches("^The endpoint has taken nothing since 20.*Z; at last: no connection.$", paused.GetProperty("pausedBecause").GetString());
        Assert.True(paused.TryGetProperty("failingSince", out _));

        await receiver.Listen();
        var resumed = (await service.Send("PATCH", address, """{"status":"Active"}""")).Content;
        Assert.False(resumed.TryGetProperty("failingSince", out _));
        await Eventually.That(() => Task.FromResult(Versions(receiver, order).Count == 3));
    }

    [Fact]
    public async Task One_that_restarts_gets_everything_and_is_well_again()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Quick);
        var address = (await Create(service, receiver)).Header("Location")!;
        await receiver.Stop();
        var order = await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await Read(service, address)).TryGetProperty("failingSince", out _));
        await receiver.Listen();
        await Eventually.That(() => Task.FromResult(Versions(receiver, order).Count == 3));
        Assert.Equal([1, 2, 3], Versions(receiver, order));
        await Eventually.That(async () => !(await Read(service, address)).TryGetProperty("failingSince", out _));
    }

    [Fact]
    public async Task What_was_given_up_or_taken_is_sent_once_more_when_asked_for()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, [.. Receiver.Allowed, ("Webhooks:RetryDelays:0", "00:00:00.010")]);
        var address = (await Create(service, receiver)).Header("Location")!;
        receiver.Says(500);
        var order = await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await Items(service, address, "GivenUp")).Count == 1);
        Assert.Equal(2, receiver.All.Count);

        receiver.Says(200);
        var id = (await Items(service, address, "GivenUp"))[0].GetProperty("eventId").GetString();
        var asked = await service.Send("POST", $"{address}/deliveries/{id}/redeliveries");
        Assert.Equal((202, $"{address}/deliveries/{id}"), (asked.Status, asked.Header("Location")));
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 5));
        Assert.Equal([1, 1, 1, 2, 3], Versions(receiver, order));
        await Eventually.That(async () => (await service.Send("GET", asked.Header("Location")!)).Content.GetProperty("state").GetString() == "Delivered");

        await service.Send("POST", $"{address}/deliveries/{id}/redeliveries");
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 6));
        Assert.Equal(id, receiver.All[^1].Id);
        Assert.Equal("delivery-not-found", (await service.Send("POST", $"{address}/deliveries/{Guid.NewGuid()}/redeliveries")).Code);
    }

    [Fact]
    public async Task Only_the_types_that_are_wanted_come_and_the_past_when_asked_for()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Receiver.Allowed);
        var first = await DeliverySpecs.Checkout(service, items: 2);
        await service.CaughtUp();
        var address = (await service.Send("POST", "/v1/webhooks", $$"""{"url":"{{receiver.Url}}","types":["order.confirmed.v1"]}""")).Header("Location")!;
        var second = await DeliverySpecs.Checkout(service, items: 2);
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 1));
        Assert.Equal((second, "order.confirmed.v1"), (receiver.All[0].Order, receiver.All[0].Type));

        var replay = await service.Send("POST", address + "/replays", """{"afterSequence":0}""");
        Assert.Equal((202, 2), (replay.Status, replay.Content.GetProperty("events").GetInt32()));
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 3));
        Assert.Equal(new[] { first, second }.Order(), receiver.All.Skip(1).Select(got => got.Order).Order());

        var at = (await service.Send("GET", $"/v1/orders/{second}")).Content.GetProperty("createdAt").GetString();
        replay = await service.Send("POST", address + "/replays", $$"""{"since":"{{at}}","types":["order.created.v1","order.item-added.v1"]}""");
        Assert.Equal(3, replay.Content.GetProperty("events").GetInt32());
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 6));
        Assert.Equal([1, 2, 3], receiver.All.Skip(3).Where(got => got.Order == second).Select(got => got.Version));

        foreach (var wrong in (string[])["{}", """{"afterSequence":0,"since":"2026-01-01T00:00:00Z"}""", """{"afterSequence":-1}""", """{"afterSequence":0,"types":["x"]}"""])
            Assert.Equal((wrong, "validation-failed"), (wrong, (await service.Send("POST", address + "/replays", wrong)).Code));
    }

    [Fact]
    public async Task The_log_goes_on_page_by_page()
    {
        await using var receiver = await Receiver.Start();
        await using var service = await Monolith.Start(postgres, null, Receiver.Allowed);
        var address = (await Create(service, receiver)).Header("Location")!;
        await DeliverySpecs.Checkout(service, items: 3);
        await Eventually.That(async () => (await Items(service, address, "Delivered")).Count == 5);

        var (versions, next) = (new List<int>(), "");
        while (next is not null)
        {
            var page = (await service.Send("GET", $"{address}/deliveries?limit=2{(next.Length > 0 ? $"&cursor={next}" : "")}")).Content;
            versions.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("version").GetInt32()));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal([5, 4, 3, 2, 1], versions);

        await service.Query<long>("with old as (update outward.attempts set at = now() - interval '31 days' where version < 4 returning 1) select count(*) from old");
        await service.Services.GetServices<IHostedService>().OfType<DeliveryLogRetention>().Single().Purge(TestContext.Current.CancellationToken);
        Assert.Equal([5, 4], (await Items(service, address, "Delivered")).Select(item => item.GetProperty("version").GetInt32()));

        await service.Send("PATCH", address, """{"status":"Paused"}""");
        await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await Items(service, address, "Waiting")).Count == 3);
        var first = (await service.Send("GET", $"{address}/deliveries?state=Waiting&limit=2")).Content;
        var rest = (await service.Send("GET", $"{address}/deliveries?state=Waiting&limit=2&cursor={first.GetProperty("next").GetString()}")).Content;
        Assert.Equal(3, Assert.Single(rest.GetProperty("items").EnumerateArray()).GetProperty("version").GetInt32());
    }

    static async Task<Answer> Create(Monolith service, Receiver receiver) => await service.Send("POST", "/v1/webhooks", new { url = receiver.Url });

    static async Task<JsonElement> Read(Monolith service, string address) => (await service.Send("GET", address)).Content;

    static async Task<List<JsonElement>> Items(Monolith service, string address, string state) =>
        [.. (await service.Send("GET", $"{address}/deliveries?state={state}&limit=200")).Content.GetProperty("items").EnumerateArray()];

    static List<int> Versions(Receiver receiver, Guid order) => [.. receiver.All.Where(got => got.Order == order).Select(got => got.Version)];
}
