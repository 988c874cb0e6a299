using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Lists of orders: which ones, in which order, page by page.</summary>
public sealed class OrderListSpecs(ListedOrders listed) : IClassFixture<ListedOrders>
{
    const string AscendingTotal = "sort=totalAmount";

    readonly Monolith service = listed.Service;

    static DateTimeOffset Utc(int day, int hour) => new(2026, 3, day, hour, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Filters_keep_exactly_the_orders_they_name()
    {
        (string Query, Func<Order, bool> Holds)[] filters =
        [
            ("customerId=ada", o => o.CustomerId is "ada"),
            ("customerId=eve", _ => false),
            ("status=Pending", o => o.Status is OrderStatus.Pending),
            ("status=Confirmed", o => o.Status is OrderStatus.Confirmed),
            ("status=Cancelled", o => o.Status is OrderStatus.Cancelled),
            ("currency=EUR", o => o.Currency is "EUR"),
            ("productId=p2", o => Holds(o, "p2")),
            ("productId=gift", o => Holds(o, "gift")),
            ("createdFrom=2026-03-01T22:00:00Z", o => o.CreatedAt >= Utc(1, 22)),
            ("createdFrom=2026-03-01T22:00:00.0000001Z", o => o.CreatedAt > Utc(1, 22)),
            ("createdTo=2026-03-01T22:00:00Z", o => o.CreatedAt < Utc(1, 22)),
            ("createdTo=2026-03-01T22:00:00.0000001Z", o => o.CreatedAt <= Utc(1, 22)),
            ("createdFrom=2026-03-02T00:00%2B02:00&createdTo=2026-03-01T20:00:00-03:00", o => o.CreatedAt == Utc(1, 22)),
            ("createdFrom=2026-03-02", o => o.CreatedAt >= Utc(2, 0)),
            ("createdTo=2026-03-02", o => o.CreatedAt < Utc(2, 0)),
            ("minTotal=5", o => o.TotalAmount >= 5m),
            ("maxTotal=5.00", o => o.TotalAmount <= 5m),
            ("minTotal=5&maxTotal=5", o => o.TotalAmount == 5),
            ("customerId=ada&status=Confirmed&currency=EUR&productId=gift&minTotal=1&maxTotal=9&createdFrom=2026-03-01&createdTo=2026-03-03",
                o => o is { CustomerId: "ada", Status: OrderStatus.Confirmed, Currency: "EUR", TotalAmount: >= 1 and <= 9 } && Holds(o, "gift")),
        ];
        foreach (var (query, holds) in filters)
        {
            var expected = listed.Orders.Where(holds).Select(o => o.Id).Order();
            Assert.True(expected.SequenceEqual((await service.Walk(query, 200)).Select(o => o.Id()).Order()), query);
            Assert.True(query is "customerId=eve" || expected.Count() is > 0 and < 24, $"{query} keeps all or none.");
        }

        static bool Holds(Order order, string product) => order.Lines.Any(line => line.ProductId == product);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sort=createdAt")]
    [InlineData("sort=-createdAt")]
    [InlineData("sort=lastUpdated")]
    [InlineData("sort=-lastUpdated")]
    [InlineData(AscendingTotal)]
    [InlineData("sort=-totalAmount")]
    public async Task Pages_of_any_size_make_the_whole_list(string sort)
    {
        Func<Order, IComparable> key = sort switch
        {
            _ when sort.EndsWith("totalAmount", StringComparison.Ordinal) => o => o.TotalAmount,
            _ when sort.EndsWith("lastUpdated", StringComparison.Ordinal) => o => o.LastUpdated,
            _ => o => o.CreatedAt,
        };
        var ascending = listed.Orders.OrderBy(key).ThenBy(o => o.Id).Select(o => o.Id).ToList();
        var expected = sort is "" || sort.Contains('-', StringComparison.Ordinal) ? ascending.AsEnumerable().Reverse().ToList() : ascending;
        Assert.True(listed.Orders.Select(key).Distinct().Count() < 24, "Some orders share a key.");

        for (var limit = 1; limit <= 25; limit++)
            Assert.Equal(expected, (await service.Walk(sort, limit)).Select(o => o.Id()));
        Assert.Equal(
            expected.Where(id => listed.Orders.Single(o => o.Id == id).CustomerId is "bob"),
            (await service.Walk(sort is "" ? "customerId=bob" : $"{sort}&customerId=bob", 5)).Select(o => o.Id()));
    }

    [Fact]
    public async Task A_list_shows_the_summaries_as_they_are_read_one_by_one()
    {
        foreach (var item in await service.Walk("", 200))
            Assert.Equal((await service.Send("GET", $"/v1/orders/{item.Id()}/summary")).Body, item.GetRawText());
    }

    [Fact]
    public async Task A_page_holds_twenty_unless_asked_otherwise_and_the_last_leads_nowhere()
    {
        Assert.Equal(20, (await Page("")).Content.GetProperty("items").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, (await Page("?limit=24")).Content.GetProperty("next").ValueKind);
        Assert.Equal(JsonValueKind.String, (await Page("?limit=23")).Content.GetProperty("next").ValueKind);
        Assert.Equal("""{"items":[],"next":null}""", (await Page("?customerId=eve")).Body);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=%2B1", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit", "limit")]
    [InlineData("limit=5&limit=5", "limit")]
    [InlineData("Limit=5", "Limit")]
    [InlineData("page=2", "page")]
    [InlineData("status=confirmed", "status")]
    [InlineData("status=1", "status")]
    [InlineData("status=Pending&status=Confirmed", "status")]
    [InlineData("sort=createdat", "sort")]
    [InlineData("sort=%2BcreatedAt", "sort")]
    [InlineData("sort=id", "sort")]
    [InlineData("customerId=%20ada", "customerId")]
    [InlineData("customerId=%00", "customerId")]
    [InlineData("productId=a%2Fb", "productId")]
    [InlineData("currency=usd", "currency")]
    [InlineData("createdFrom=yesterday", "createdFrom")]
    [InlineData("createdFrom=2026-03-01T12:00:00", "createdFrom")]
    [InlineData("createdFrom=2026-03-01T12:00:00+02:00", "createdFrom")]
    [InlineData("createdTo=2026-02-30", "createdTo")]
    [InlineData("createdTo=0001-01-01T00:00:00%2B14:00", "createdTo")]
    [InlineData("minTotal=-1", "minTotal")]
    [InlineData("minTotal=1e3", "minTotal")]
    [InlineData("minTotal=1,000", "minTotal")]
    [InlineData("maxTotal=0.00001", "maxTotal")]
    [InlineData("maxTotal=99999999999999999999999999999999", "maxTotal")]
    [InlineData("cursor=", "cursor")]
    public async Task What_means_nothing_is_refused_by_name(string query, string parameter) => Refused(await Page("?" + query), parameter);

    [Theory]
    [InlineData("limit=1")]
    [InlineData("limit=200")]
    [InlineData("createdFrom=0001-01-01")]
    [InlineData("createdTo=9999-12-31T23:59:59.9999999Z")]
    [InlineData("minTotal=0")]
    [InlineData("maxTotal=5000000000000000")]
    [InlineData("minTotal=9&maxTotal=1")]
    public async Task Bounds_belong_to_what_is_allowed(string query) => Assert.Equal(200, (await Page("?" + query)).Status);

    [Fact]
    public async Task A_cursor_leads_on_only_in_its_own_list()
    {
        var cursor = await Next("sort=createdAt&customerId=ada&minTotal=0.5&createdFrom=2026-03-01");
        foreach (var same in new[] { "sort=createdAt&customerId=ada&minTotal=0.5&createdFrom=2026-03-01", "createdFrom=2026-03-01T02:00%2B02:00&minTotal=0.50&customerId=ada&sort=createdAt&limit=7" })
            Assert.Equal(200, (await Page($"?{same}&cursor={cursor}")).Status);
        foreach (var other in new[]
        {
            "", "&sort=createdAt", "&customerId=ada&minTotal=0.5&createdFrom=2026-03-01", "&sort=-createdAt&customerId=ada&minTotal=0.5&createdFrom=2026-03-01",
            "&sort=lastUpdated&customerId=ada&minTotal=0.5&createdFrom=2026-03-01", "&sort=createdAt&customerId=bob&minTotal=0.5&createdFrom=2026-03-01",
            "&sort=createdAt&customerId=ada&maxTotal=0.5&createdFrom=2026-03-01", "&sort=createdAt&customerId=ada&minTotal=0.5&createdFrom=2026-03-02",
            "&sort=createdAt&customerId=ada&minTotal=0.5&createdFrom=2026-03-01&status=Pending",
        })
            Refused(await Page($"?cursor={cursor}{other}"), "cursor");
    }

    [Fact]
    public async Task A_cursor_that_was_tampered_with_is_refused()
    {
        foreach (var sort in new[] { "sort=createdAt", AscendingTotal })
        {
            var cursor = await Next(sort);
            var parts = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)).Split('|');
            string[] broken =
            [
                "x", "%20", "!!!", "%F0%9F%8D%B5", new('A', 5_000), cursor[..^3], cursor + "AAAA",
                Sealed(parts[0], parts[1]), Sealed([.. parts, ""]), Sealed("", parts[1], parts[2]), Sealed(parts[0], "", parts[2]), Sealed(parts[0], "-1", parts[2]),
                Sealed(parts[0], "1e5", parts[2]), Sealed(parts[0], "infinity", parts[2]), Sealed(parts[0], new('9', 60), parts[2]), Sealed(parts[0], parts[1], "1"),
                Sealed(parts[0], parts[1], parts[2] + "'"), Sealed(parts[0].ToUpperInvariant() + "0", parts[1], parts[2]),
            ];
            foreach (var one in broken) Refused(await Page($"?{sort}&cursor={one}"), "cursor");
            foreach (var far in new[] { "0", $"{DateTime.MaxValue.Ticks}" })
                Assert.Equal(200, (await Page($"?{sort}&cursor={Sealed(parts[0], far, parts[2])}")).Status);
        }

        static string Sealed(params string[] parts) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Join('|', parts)));
    }

    static void Refused(Answer answer, string parameter)
    {
        Assert.True(answer.Status is 400, answer.Body);
        Assert.Equal(("validation-failed", parameter), (answer.Code, answer.Content.GetProperty("errors").EnumerateObject().Single().Name));
    }

    Task<Answer> Page(string query) => service.Send("GET", "/v1/orders" + query);

    async Task<string> Next(string query) => (await Page($"?limit=1&{query}")).Content.GetProperty("next").GetString()!;
}
