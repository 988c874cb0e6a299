using System.Globalization;
using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>Two lists for two audiences: what a customer ordered, and what the shop has to do.</summary>
public sealed class AudienceSpecs(AccessSpecs.Guarded guarded, Postgres postgres) : IClassFixture<AccessSpecs.Guarded>
{
    static readonly (string, string) Shop = Tokens.For("ann", "orders:read orders:write");

    readonly Monolith monolith = guarded.Service;

    [Fact]
    public async Task A_customer_walks_through_the_own_orders_newest_first()
    {
        var ann = Tokens.For("a1", "orders:read", ("customer_id", "walker"));
        var orders = new List<Answer>();
        for (var n = 0; n < 7; n++) orders.Add(await Order("walker", "EUR", n));
        await Order("another", "EUR", 1);
        await monolith.Send("POST", orders[2].Header("Location") + "/confirm", null, Shop);

        var listed = await Walk("/v1/my/orders?", 3, ann, orders[^1]);
        Assert.Equal(orders.Select(Id).Reverse(), listed.Select(item => item.GetProperty("orderId").GetString()));
        Assert.Equal("""{"orderId":"ID","status":"Confirmed","itemCount":2,"totalAmount":6.5,"currency":"EUR","createdAt":"AT"}"""
            .Replace("ID", Id(orders[2]), StringComparison.Ordinal).Replace("AT", orders[2].Content.GetProperty("createdAt").GetString(), StringComparison.Ordinal), listed[4].GetRawText());
    }

    [Fact]
    public async Task Each_list_is_for_its_audience()
    {
        var customer = Tokens.For("c", "orders:read", ("customer_id", "walker"));
        Assert.Equal("forbidden", (await monolith.Send("GET", "/v1/my/orders", null, Shop)).Code);
        Assert.Equal("forbidden", (await monolith.Send("GET", "/v1/work-list", null, customer)).Code);
        Assert.Equal(401, (await monolith.Send("GET", "/v1/work-list")).Status);
        Assert.Equal("forbidden", (await monolith.Send("GET", "/v1/work-list", null, Tokens.For("ann", "insights:read"))).Code);
        Assert.Equal(200, (await monolith.Send("GET", "/v1/work-list", null, Shop)).Status);
        await using var open = await Monolith.Start(postgres);
        Assert.Equal((403, "forbidden"), ((await open.Send("GET", "/v1/my/orders")).Status, (await open.Send("GET", "/v1/my/orders")).Code));
        Assert.Equal(200, (await open.Send("GET", "/v1/work-list")).Status);
    }

    [Fact]
    public async Task The_shop_finds_what_waits_longest_the_biggest_and_by_product_and_nothing_that_no_longer_waits()
    {
        var orders = new List<Answer>();
        foreach (var n in new[] { 3, 1, 4, 1, 5, 9, 2, 6 }) orders.Add(await Order("waiter", n % 2 == 0 ? "CHF" : "NOK", n, "waited-for"));
        await monolith.Send("POST", orders[1].Header("Location") + "/confirm", null, Shop);
        await monolith.Send("POST", orders[2].Header("Location") + "/confirm", null, Shop);
        await monolith.Send("POST", orders[2].Header("Location") + "/cancel", null, Shop);
        await monolith.Send("POST", orders[4].Header("Location") + "/cancel", null, Shop);
        await monolith.Send("DELETE", orders[5].Header("Location") + "/items/mug?quantity=1", null, Shop);
        var last = await monolith.Send("DELETE", orders[7].Header("Location") + "/items/waited-for", null, Shop);

        Assert.Equal("0 3 5", await Listed("currency=NOK&productId=waited-for"));
        Assert.Equal("0 3 5 6", await Listed("productId=waited-for"));
        Assert.Equal("5 0 3", await Listed("sort=biggest&currency=NOK"));
        Assert.Equal("6 7", await Listed("sort=biggest&currency=CHF"));
        Assert.Equal("6", await Listed("sort=biggest&currency=CHF&productId=waited-for"));
        Assert.Equal("6 7", await Listed("sort=longest&currency=CHF"));
        Assert.Equal("", await Listed("productId=unheard-of"));
        Assert.Equal("""{"id": "ID", "data": {"orderId": "ID", "pending": false, "version": 5}, "pending": false, "currency": null, "products": null, "created_at": null, "mt_version": 5, "total_amount": null}"""
            .Replace("ID", Id(orders[2]), StringComparison.Ordinal), await monolith.Query<string>($"select to_jsonb(w)::text from views.mt_doc_work_item w where id = '{Id(orders[2])}'"));

        async Task<string> Listed(string query) => string.Join(' ', (await Walk($"/v1/work-list?{query}&", 2, Shop, last)).Select(item => orders.FindIndex(order => Id(order) == item.GetProperty("orderId").GetString())));
    }

    [Theory]
    [InlineData("/v1/work-list?sort=biggest", "currency")]
    [InlineData("/v1/work-list?sort=newest", "sort")]
    [InlineData("/v1/work-list?limit=201", "limit")]
    [InlineData("/v1/work-list?cursor=nonsense", "cursor")]
    [InlineData("/v1/work-list?productId=a%2Fb", "productId")]
    [InlineData("/v1/my/orders?limit=0", "limit")]
    [InlineData("/v1/my/orders?cursor=nonsense", "cursor")]
    public async Task What_cannot_be_asked_is_refused_by_name(string path, string name)
    {
        var answer = await monolith.Send("GET", path, null, path.Contains("/my/", StringComparison.Ordinal) ? Tokens.For("c", "orders:read", ("customer_id", "walker")) : Shop);
        Assert.Equal((400, "validation-failed"), (answer.Status, answer.Code));
        Assert.Equal(name, Assert.Single(answer.Content.GetProperty("errors").EnumerateObject()).Name);
    }

    static string Id(Answer order) => order.Content.GetProperty("id").GetString()!;

    /// <summary>A mug for 4.5 and a thing that costs as much as is said.</summary>
    Task<Answer> Order(string customerId, string currency, int price, string productId = "tea") => monolith.Send("POST", "/v1/orders", new
    {
        customerId,
        currency,
        items = new object[] { new { productId, quantity = 1, unitPrice = price }, new { productId = "mug", quantity = 1, unitPrice = 4.50m } },
    }, Shop);

    /// <summary>All items of a list that holds a command.</summary>
    async Task<List<JsonElement>> Walk(string path, int limit, (string, string) caller, Answer last)
    {
        var items = new List<JsonElement>();
        for (string? cursor = null; ;)
        {
            var page = await monolith.Send("GET", string.Create(CultureInfo.InvariantCulture, $"{path}limit={limit}{(cursor is null ? "" : "&cursor=" + cursor)}"), null,
                caller, ("Consistency-Token", last.Header("Consistency-Token")!), ("Prefer", "wait=30"));
            Assert.True(page.Status is 200, page.Body);
            items.AddRange(page.Content.GetProperty("items").EnumerateArray());
            cursor = page.Content.GetProperty("next").GetString();
            if (cursor is null) return items;
        }
    }
}
