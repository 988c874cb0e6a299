using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using OrderMonolith.Contracts;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>What the world outside is told, and how. It is approved once and then stays.</summary>
public sealed class ContractSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string Approved = Path.Combine(Path.GetDirectoryName(ApiDocument.Path)!, "../Contracts/contracts.approved.json");

    static readonly Order Pending = new Order { Id = new("0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c") }
        .After(new OrderCreated("alice", "EUR"), default).After(new ItemAdded("teapot", 2, 19.9m, "A teapot"), default).After(new ItemAdded("cup", 6, 4.5m), default);

    /// <summary>Every event, and the order before it; optional members with and without.</summary>
    static readonly (Order Before, OrderEvent Fact)[] Events =
    [
        (new Order { Id = Pending.Id }, new OrderCreated("alice", "EUR")),
        (Pending, new ItemAdded("teapot", 1, 19.9m, "A teapot")),
        (Pending, new ItemAdded("bowl", 1, 0.0001m)),
        (Pending, new ItemRemoved("cup", 2, 4.5m)),
        (Pending, new OrderConfirmed()),
        (Pending, new OrderCancelled("changed my mind")),
        (Pending.After(new OrderConfirmed(), default), new OrderCancelled()),
    ];

    static IEnumerable<OrderContract> Told => Events.Select(e => Translation.Tell(e.Before, e.Fact, e.Before.After(e.Fact, default)));

    [Fact]
    public async Task Contracts_are_the_approved_ones()
    {
        var now = new JsonObject();
        foreach (var (contract, name) in Translation.Names.OrderBy(named => named.Value, StringComparer.Ordinal))
        {
            now[name] = new JsonObject
            {
                ["schema"] = ContractEndpoints.SchemaOf(contract),
                ["examples"] = new JsonArray([.. Told.Where(told => told.GetType() == contract).Select(told => JsonSerializer.SerializeToNode(told, contract, Json.Stored))]),
            };
        }

        var text = now.ToJsonString(Readable) + "\n";
        if (Environment.GetEnvironmentVariable("APPROVE_CONTRACTS") == "1") await File.WriteAllTextAsync(Approved, text, TestContext.Current.CancellationToken);
        Assert.Equal(await File.ReadAllTextAsync(Approved, TestContext.Current.CancellationToken), text);
    }

    [Fact]
    public void Every_event_is_told_of_and_every_contract_is_used() =>
        Assert.Equal(typeof(OrderEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(OrderEvent))).ToHashSet(), Translation.NamesByEvent.Keys.ToHashSet());

    [Fact]
    public async Task Schemas_are_served_and_hold_for_what_is_sent()
    {
        var links = (await one.Service.Send("GET", "/contracts")).Content.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(Translation.Names.Values.Order(StringComparer.Ordinal), links.Select(link => link.GetProperty("type").GetString()));
        foreach (var told in Told)
        {
            var schema = (await one.Service.Send("GET", $"/contracts/{Translation.Names[told.GetType()]}")).Content;
            Assert.Empty(ApiDocument.Faults(schema, JsonSerializer.SerializeToElement(told, told.GetType(), Json.Stored)));
        }

        Assert.Equal("route-not-found", (await one.Service.Send("GET", "/contracts/order.confirmed.v9")).Code);
    }

    [Fact]
    public async Task What_is_sent_is_a_CloudEvent_that_says_where_it_belongs()
    {
        var service = one.Service;
        var created = await service.Send("POST", "/v1/orders", new { customerId = "alice", items = new[] { new { productId = "cup", quantity = 6, unitPrice = 4.5m } }, confirm = true },
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        var order = created.Content.GetProperty("id").GetGuid();
        JsonElement[] told = [];
        await Eventually.That(async () => (told = [.. (await service.Send("GET", "/v1/events?limit=1000")).Content.EnumerateArray().Where(e => e.GetProperty("subject").GetString() == order.ToString())]).Length == 3);

        var trail = (await service.Send("GET", $"/v1/orders/{order}/events")).Content.GetProperty("items").EnumerateArray().ToList();
        foreach (var (e, past) in told.Zip(trail))
        {
            var parsed = new JsonEventFormatter().ConvertFromJsonElement(e, null);
            Assert.True(parsed.IsValid);
            Assert.Equal(CloudEventsSpecVersion.V1_0, parsed.SpecVersion);
            Assert.Equal(past.GetProperty("id").GetString(), parsed.Id);
            Assert.Equal(past.GetProperty("timestamp").GetDateTimeOffset(), parsed.Time);
            Assert.Equal(past.GetProperty("version").GetRawText(), parsed["sequence"]);
            Assert.StartsWith("urn:uuid:", parsed.Source!.ToString(), StringComparison.Ordinal);
            Assert.StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-", (string)parsed["traceparent"]!, StringComparison.Ordinal);
        }

        Assert.Equal(["order.created.v1", "order.item-added.v1", "order.confirmed.v1"], told.Select(e => e.GetProperty("type").GetString()));
        Assert.Equal(27m, told[2].GetProperty("data").GetProperty("totalAmount").GetDecimal());
        Assert.Equal(told[2].GetProperty("position").GetString(), created.Header("Consistency-Token"));
    }
}
