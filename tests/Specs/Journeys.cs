using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>What people do with the service from beginning to end, over HTTP on a real database.</summary>
public sealed class Journeys(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task A_whole_checkout_is_one_request()
    {
        var bought = await monolith.Send("POST", "/v1/orders", new { customerId = "ada", currency = "GBP", items = new[] { Of("tea", 2, 9.50m), Of("cup", 6, 4.25m) }, confirm = true });
        Assert.Equal((201, "\"4\""), (bought.Status, bought.Header("ETag")));
        Assert.Equal(("Confirmed", 2, 44.5m), Seen(bought.Content));

        var read = await monolith.Send("GET", bought.Header("Location")!);
        Assert.Equal((bought.Header("ETag"), true), (read.Header("ETag"), JsonElement.DeepEquals(bought.Content, read.Content)));
    }

    [Fact]
    public async Task A_checkout_that_cannot_be_confirmed_leaves_nothing_behind()
    {
        var id = Guid.NewGuid();
        Assert.Equal("order-is-empty", (await monolith.Send("POST", "/v1/orders", new { orderId = id, customerId = "ada", confirm = true })).Code);
        Assert.Equal("order-not-found", (await monolith.Send("GET", $"/v1/orders/{id}")).Code);
    }

    [Fact]
    public async Task A_shopper_fills_a_basket_thinks_again_confirms_and_calls_it_off()
    {
        var basket = (await monolith.Send("POST", "/v1/orders", new { customerId = "bob" })).Header("Location")!;
        await monolith.Send("POST", $"{basket}/items", Of("teapot", 1, 19.90m));
        await monolith.Send("POST", $"{basket}/items", Of("cup", 6, 4.50m));
        var fewer = await monolith.Send("DELETE", $"{basket}/items/cup?quantity=2");
        Assert.Equal(("Pending", 2, 37.9m), Seen(fewer.Content));

        var without = await monolith.Send("DELETE", $"{basket}/items/teapot");
        Assert.Equal(("Pending", 1, 18m), Seen(without.Content));

        var confirmed = await monolith.Send("POST", $"{basket}/confirm");
        Assert.Equal(("Confirmed", 1, 18m), Seen(confirmed.Content));
        Assert.Equal("order-not-pending", (await monolith.Send("POST", $"{basket}/items", Of("jam", 1, 3))).Code);

        var cancelled = await monolith.Send("POST", $"{basket}/cancel", new { reason = "ordered twice" });
        Assert.Equal(("Cancelled", 1, 18m), Seen(cancelled.Content));
        Assert.Equal("ordered twice", (await monolith.Send("GET", basket)).Content.GetProperty("cancelReason").GetString());
    }

    [Fact]
    public async Task Of_two_tabs_on_one_basket_the_second_to_change_it_looks_again_first()
    {
        var basket = (await monolith.Send("POST", "/v1/orders", new { customerId = "bob", items = new[] { Of("tea", 1, 9.50m) } })).Header("Location")!;
        var seen = (await monolith.Send("GET", basket)).Header("ETag")!;
        Assert.Equal(200, (await monolith.Send("POST", $"{basket}/items", Of("jam", 1, 3), ("If-Match", seen))).Status);

        var late = await monolith.Send("POST", $"{basket}/confirm", null, ("If-Match", seen));
        Assert.Equal((412, "version-conflict"), (late.Status, late.Code));
        Assert.Equal(304, (await monolith.Send("GET", basket, null, ("If-None-Match", $"\"{late.Content.GetProperty("currentVersion")}\""))).Status);

        var again = (await monolith.Send("GET", basket)).Header("ETag")!;
        Assert.Equal(("Confirmed", 2, 12.5m), Seen((await monolith.Send("POST", $"{basket}/confirm", null, ("If-Match", again))).Content));
    }

    [Fact]
    public async Task Who_got_no_answer_asks_again_and_nothing_happens_twice()
    {
        var checkout = new { orderId = Guid.NewGuid(), customerId = "carol", items = new[] { Of("tea", 1, 9.50m) }, confirm = true };
        var order = (await monolith.Send("POST", "/v1/orders", checkout)).Header("Location")!;

        var again = await monolith.Send("POST", "/v1/orders", checkout);
        Assert.Equal((409, "order-already-exists", 3), (again.Status, again.Code, again.Content.GetProperty("currentVersion").GetInt32()));
        Assert.Equal("\"3\"", (await monolith.Send("POST", $"{order}/confirm")).Header("ETag"));
        Assert.Equal("\"4\"", (await monolith.Send("POST", $"{order}/cancel")).Header("ETag"));
        Assert.Equal("\"4\"", (await monolith.Send("POST", $"{order}/cancel")).Header("ETag"));
        Assert.Equal(4, await monolith.Query<long>($"select count(*) from events.mt_events where stream_id = '{checkout.orderId}'"));
    }

    [Fact]
    public async Task The_support_desk_finds_an_order_by_customer_or_product_and_opens_it()
    {
        foreach (var product in new[] { "lamp", "rare-book", "lamp" })
            await monolith.Send("POST", "/v1/orders", new { customerId = "dave", items = new[] { Of(product, 1, 12) }, confirm = product is "lamp" });
        await monolith.Send("POST", "/v1/orders", new { customerId = "erin", items = new[] { Of("rare-book", 1, 12) } });

        Assert.Equal(3, (await Found("customerId=dave")).Count);
        Assert.Equal(2, (await Found("customerId=dave&status=Confirmed")).Count);
        Assert.Equal(2, (await Found("productId=rare-book")).Count);
        var one = Assert.Single(await Found("customerId=dave&productId=rare-book&createdFrom=2026-01-01&maxTotal=12"));

        var order = (await monolith.Send("GET", $"/v1/orders/{one.GetProperty("orderId").GetString()}")).Content;
        Assert.Equal(("Pending", 1, 12m), Seen(order));
        Assert.Equal("rare-book", order.GetProperty("lines")[0].GetProperty("productId").GetString());
    }

    [Fact]
    public async Task A_long_list_is_read_page_by_page()
    {
        for (var i = 0; i < 5; i++) await monolith.Send("POST", "/v1/orders", new { customerId = "frank" });
        var (seen, next) = (new List<string>(), "");
        do
        {
            var page = (await monolith.Send("GET", $"/v1/orders?customerId=frank&limit=2{next}")).Content;
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("createdAt").GetString()!));
            next = page.GetProperty("next").GetString() is { } cursor ? $"&cursor={cursor}" : null;
        }
        while (next is not null);

        Assert.Equal(5, seen.Count);
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
    }

    static object Of(string productId, int quantity, decimal unitPrice) => new { productId, quantity, unitPrice };

    static (string?, int, decimal) Seen(JsonElement order) =>
        (order.GetProperty("status").GetString(), order.GetProperty("itemCount").GetInt32(), order.GetProperty("totalAmount").GetDecimal());

    async Task<List<JsonElement>> Found(string by) => [.. (await monolith.Send("GET", $"/v1/orders?{by}")).Content.GetProperty("items").EnumerateArray()];
}
