using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Operations;

namespace OrderMonolith.Specs;

/// <summary>What is only tried: dry runs of commands, and other pasts. Both tell what would be, and write nothing.</summary>
public sealed class TrialSpecs(Postgres postgres)
{
    const string Everything = """
        select string_agg(n::text, ' ') from (
            select count(*) n from events.mt_events union all select count(*) from events.mt_streams union all select last_value from events.mt_events_sequence
            union all select count(*) from views.mt_doc_order union all select sum(mt_version) from views.mt_doc_order union all select count(*) from views.mt_doc_command_outcome
            union all select count(*) from wolverine.wolverine_outgoing_envelopes union all select count(*) from wolverine.wolverine_incoming_envelopes) counted
        """;

    static readonly object Pot = new { productId = "pot", quantity = 2, unitPrice = 12.5m };

    [Fact]
    public async Task A_dry_run_answers_as_the_command_would_and_writes_nothing()
    {
        await using var monolith = await Monolith.Start(postgres);
        var order = (await monolith.Send("POST", "/v1/orders", new { customerId = "c1" })).Header("Location")!;
        var before = await monolith.Query<string>(Everything);

        foreach (var (method, path, body) in new (string, string, object?)[]
        {
            ("POST", "/v1/orders", new { orderId = Guid.NewGuid(), customerId = "c2", items = new[] { Pot }, confirm = true }), ("POST", order + "/items", Pot), ("DELETE", order + "/items/pot", null),
            ("POST", order + "/confirm", null), ("POST", order + "/cancel", null),
        })
        {
            var dry = await monolith.Send(method, path + "?dryRun=true", body, ("Idempotency-Key", "two words"), ("If-None-Match", "*"));
            Assert.Null(dry.Header("ETag") ?? dry.Header("Consistency-Token") ?? dry.Header("Location"));
            Assert.True(dry.Code is null or "item-not-in-order" or "order-is-empty", dry.Body);
            if (path.EndsWith("/items", StringComparison.Ordinal))
                Assert.Equal("""[{"type":"item_added_v2","data":{"productId":"pot","quantity":2,"unitPrice":12.5}}]""", dry.Content.GetProperty("events").GetRawText());
            else if (dry.Code is null)
                Assert.True(dry.Content.GetProperty("order").GetProperty("version").GetInt32() >= 2);
        }

        Assert.Equal("item-not-in-order", (await monolith.Send("DELETE", order + "/items/pot?dryRun=true")).Code);
        Assert.Equal("order-is-empty", (await monolith.Send("POST", order + "/confirm?dryRun=true")).Code);
        Assert.Equal("version-conflict", (await monolith.Send("POST", order + "/cancel?dryRun=true", null, ("If-Match", "\"7\""))).Code);
        Assert.Equal("order-not-found", (await monolith.Send("POST", $"/v1/orders/{Guid.Empty}/cancel?dryRun=true")).Code);
        Assert.Equal("validation-failed", (await monolith.Send("POST", order + "/cancel?dryRun=yes")).Code);
        Assert.Equal(before, await monolith.Query<string>(Everything));

        Assert.Equal(200, (await monolith.Send("POST", order + "/cancel?dryRun=false")).Status);
        Assert.NotEqual(before, await monolith.Query<string>(Everything));
    }

    [Fact]
    public async Task Another_past_is_told_and_nothing_is_written()
    {
        await using var monolith = await Monolith.Start(postgres);
        var order = (await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { Pot }, confirm = true })).Header("Location")!;
        var before = await monolith.Query<string>(Everything);

        var same = (await monolith.Send("POST", order + "/what-if", "{}")).Content;
        Assert.True(JsonElement.DeepEquals((await monolith.Send("GET", order)).Content, same.GetProperty("order")));
        Assert.Equal("[][][]", same.GetProperty("events").GetRawText() + same.GetProperty("refusals").GetRawText() + same.GetProperty("patch").GetRawText());

        var other = (await monolith.Send("POST", order + "/what-if", """
            {"drop":[2],"commands":[{"productId":"cup","type":"AddItem","quantity":1,"unitPrice":3},{"type":"RemoveItem","productId":"pot"},{"type":"ConfirmOrder"},{"type":"CancelOrder","reason":"no"}]}
            """)).Content;
        Assert.Equal("""[{"version":3,"code":"order-is-empty"},{"command":2,"code":"item-not-in-order"}]""", other.GetProperty("refusals").GetRawText());
        Assert.Equal(["item_added_v2", "order_confirmed", "order_cancelled"], other.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("type").GetString()));
        Assert.Equal(("Cancelled", 3m), (other.GetProperty("order").GetProperty("status").GetString(), other.GetProperty("order").GetProperty("totalAmount").GetDecimal()));

        Assert.Equal(1, (await monolith.Send("POST", order + "/what-if", """{"atVersion":1}""")).Content.GetProperty("order").GetProperty("version").GetInt32());
        Assert.Equal(before, await monolith.Query<string>(Everything));
    }

    [Fact]
    public async Task Without_a_difference_every_order_is_what_it_is()
    {
        await using var monolith = await Monolith.Start(postgres);
        await Seeding.Run(monolith.Services.GetRequiredService<IDocumentStore>(), monolith.Services.GetRequiredService<TimeProvider>(), 1, 50, new Seen(_ => { }), TestContext.Current.CancellationToken);
        foreach (var id in await monolith.Query<Guid[]>("select array_agg(id) from views.mt_doc_order"))
        {
            var (order, same) = (await monolith.Send("GET", $"/v1/orders/{id}"), (await monolith.Send("POST", $"/v1/orders/{id}/what-if", "{}")).Content);
            Assert.True(JsonElement.DeepEquals(order.Content, same.GetProperty("order")), order.Body);
            Assert.Equal("[][][]", same.GetProperty("events").GetRawText() + same.GetProperty("refusals").GetRawText() + same.GetProperty("patch").GetRawText());
        }
    }

    [Theory]
    [InlineData("""{"drop":[1]}""", "validation-failed")]
    [InlineData("""{"drop":[9]}""", "order-not-found")]
    [InlineData("""{"atVersion":0}""", "validation-failed")]
    [InlineData("""{"atVersion":9}""", "order-not-found")]
    [InlineData("""{"commands":[{"productId":"cup"}]}""", "validation-failed")]
    [InlineData("""{"commands":[{"type":"CreateOrder"}]}""", "malformed-request")]
    [InlineData("""{"commands":[{"type":"AddItem","productId":"cup","quantity":0,"unitPrice":1}]}""", "validation-failed")]
    [InlineData("""{"commands":[{"type":"AddItem","productId":"cup","quantity":1,"unitPrice":1,"price":1}]}""", "validation-failed")]
    [InlineData("""{"commands":[null]}""", "validation-failed")]
    [InlineData("""{"commands":[{"type":7}]}""", "malformed-request")]
    [InlineData("""{"commands":[[]]}""", "malformed-request")]
    public async Task What_cannot_be_tried_is_refused(string body, string code)
    {
        await using var monolith = await Monolith.Start(postgres);
        var order = (await monolith.Send("POST", "/v1/orders", new { customerId = "c1" })).Header("Location")!;
        Assert.Equal(code, (await monolith.Send("POST", order + "/what-if", body)).Code);
    }
}
