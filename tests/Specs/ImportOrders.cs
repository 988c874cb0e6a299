using OrderMonolith.Import;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>What the rows of invoices become.</summary>
public sealed class ImportOrders(Postgres postgres)
{
    [Fact]
    public async Task An_invoice_becomes_a_confirmed_order_at_its_own_times()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop
            .Row("536365", " 85123A ", "6", "2.550", time: "2010-12-01T08:26:00Z", description: "\"LANTERN, \"\"WHITE\"\"\"")
            .Row("536365", "71053", "2", "3.39", time: "12/1/2010 8:31", description: "")
            .Import();

        var order = await shop.Order("536365");
        Assert.Equal(new Guid("bde468ae-722a-5c40-908b-b67ef23e1193"), Uuid5("online-retail/536365"));
        Assert.Equal(Uuid5("online-retail/536365"), order!.Id);
        Assert.Equal(("17850", "GBP", OrderStatus.Confirmed, 22.08m), (order.CustomerId, order.Currency, order.Status, order.TotalAmount));
        Assert.Equal([new("85123A", 6, 2.55m, "LANTERN, \"WHITE\""), new("71053", 2, 3.39m)], order.Lines);

        await using var session = shop.Store.QuerySession();
        var events = await session.Events.FetchStreamAsync(order.Id, token: TestContext.Current.CancellationToken);
        Assert.Equal(["order_created", "item_added_v2", "item_added_v2", "order_confirmed"], events.Select(e => e.EventTypeName));
        Assert.Equal([26, 26, 31, 31], events.Select(e => e.Timestamp.Minute));
        Assert.All(events, e => Assert.Equal(("import", "online-retail/536365"), (e.UserName, e.CausationId)));
        Assert.Matches("^[0-9a-f]{32}$", Assert.Single(events.Select(e => e.CorrelationId).Distinct()));
        Assert.Equal((2, 2, 0, 1, 4), (summary.Rows, summary.Accepted, summary.Refused, summary.OrdersCreated, summary.EventsAppended));
    }

    static readonly (string Code, string Row)[] Wrong =
    [
        ("malformed-row", "1,A,LAMP,6,2010-12-01T08:26:00Z,2.55,17850"),
        ("malformed-row", "1,A,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK,more"),
        ("malformed-row", "1,A,LAMP,six,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("malformed-row", "1,A,LAMP,6,yesterday,2.55,17850,UK"),
        ("malformed-row", "1,A,LAMP,6,2010-13-01T08:26:00Z,2.55,17850,UK"),
        ("malformed-row", "1,A,LAMP,6,2010-12-01T08:26:00Z,\u00a32,17850,UK"),
        ("malformed-row", "1,A,12\" LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("unknown-invoice-kind", "A563185,A,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("unknown-invoice-kind", ",A,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,0,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,-6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,1.5,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,99999999999,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,6,2010-12-01T08:26:00Z,-2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,6,2010-12-01T08:26:00Z,2.55555,17850,UK"),
        ("validation-failed", "1,A/B,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1, ,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1,A,LAMP,6,2010-12-01T08:26:00Z,2.55, 17850,UK"),
        ("validation-failed", "1,A,LA\0MP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
        ("validation-failed", "1\0,A,LAMP,6,2010-12-01T08:26:00Z,2.55,17850,UK"),
    ];

    [Fact]
    public async Task Each_row_that_is_wrong_is_refused_with_its_code_and_creates_nothing()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Times(Wrong.Length, (s, i) => s.Text(Wrong[i].Row)).Import();

        Assert.Equal(Wrong.Select((wrong, i) => $"{i + 1} {wrong.Code}"), shop.Refused());
        Assert.Equal((Wrong.Length, 0, Wrong.Length, 0), (summary.Rows, summary.Accepted, summary.Refused, summary.Orders));
        Assert.Null(await shop.Order("1"));
    }

    [Fact]
    public async Task The_rest_of_an_invoice_goes_on_without_its_refused_rows()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop
            .Row("1", "A", "0", time: "2010-12-01T08:00:00Z")
            .Row("1", "B", "1", time: "2010-12-01T08:01:00Z")
            .Row("1", "C", customer: "")
            .Row("1", "D", description: new string('x', 201))
            .Row("1", "B", "1000000", time: "2010-12-01T08:03:00Z")
            .Row("1", "E", "2", time: "2010-12-01T08:02:00Z")
            .Row("1", "F", "x", time: "2010-12-01T09:00:00Z")
            .Import();

        var order = await shop.Order("1");
        Assert.Equal(["B", "E"], order!.Lines.Select(line => line.ProductId));
        Assert.Equal((1, 2), (order.CreatedAt.Minute, order.LastUpdated.Minute));
        Assert.Equal(["1 validation-failed", "3 validation-failed", "4 validation-failed", "5 validation-failed", "7 malformed-row"], shop.Refused());
        Assert.Equal(7, summary.Accepted + summary.Refused);
    }

    [Fact]
    public async Task Times_that_go_back_in_the_file_do_not_in_the_order()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", time: "2010-12-01T09:00:00Z").Row("1", "B", time: "2010-12-01T08:00:00Z").Import();
        Assert.Equal(["9", "9", "9", "9"], await shop.Query("select extract(hour from timestamp at time zone 'UTC') from events.mt_events order by version"));
    }

    [Theory]
    [InlineData("2010-12-01T08:26:00Z")]
    [InlineData("2010-12-01T08:26:00")]
    [InlineData("2010-12-01 08:26:00")]
    [InlineData("2010-12-01T08:26")]
    [InlineData("2010-12-01T09:26:00+01:00")]
    [InlineData("2010-12-01T08:26:00.0000009Z")]
    [InlineData("12/1/2010 8:26")]
    public void A_time_is_read_as_UTC_in_whole_microseconds(string time) =>
        Assert.Equal(new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero), LegacyRow.Read(new(1, [], ["1", "A", "", "1", time, "1", "", ""]))!.At);

    [Fact]
    public async Task Rows_of_an_invoice_may_lie_between_those_of_others()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A").Row("2", "A").Row("C3", "A", "-1").Row("1", "B").Row("2", "B").Import();
        Assert.Equal((2, 2), ((await shop.Order("1"))!.Lines.Count, (await shop.Order("2"))!.Lines.Count));
    }

    [Theory]
    [InlineData(9_999, 2)]
    [InlineData(10_000, 1)]
    public async Task An_invoice_closes_10000_rows_after_its_last(int between, int lines)
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A").Times(between, (s, _) => s.Text("x")).Row("1", "B").Import();

        Assert.Equal(lines, (await shop.Order("1"))!.Lines.Count);
        Assert.Equal(lines == 1, shop.Refused().Contains($"{between + 2} invoice-closed"));
    }

    [Fact]
    public async Task A_closed_invoice_stays_closed_even_if_no_row_of_it_was_accepted()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Row("1", "A", "0").Times(10_000, (s, _) => s.Text("x")).Row("1", "B").Times(10_000, (s, _) => s.Text("x")).Row("1", "C").Import();

        Assert.Null(await shop.Order("1"));
        Assert.Equal((1, 2), (summary.RefusedBy["validation-failed"], summary.RefusedBy["invoice-closed"]));
    }

    [Fact]
    public async Task An_order_holds_no_more_lines_than_the_rules_allow()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Times(5_001, (s, i) => s.Row("1", $"P{i}", "1")).Import();

        Assert.Equal(5_000, (await shop.Order("1"))!.Lines.Count);
        Assert.Equal(5_000, summary.Accepted);
        Assert.Equal(["5001 validation-failed"], shop.Refused());
    }

    [Fact]
    public async Task A_quote_that_is_not_closed_spoils_its_own_line_only()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", description: "\"LAMP").Row("1", "B").Row("1", "C", description: "\"LAMP, RED\"").Row("1", "D").Import();

        Assert.Equal(["B", "C", "D"], (await shop.Order("1"))!.Lines.Select(line => line.ProductId));
        Assert.Equal(["1 malformed-row"], shop.Refused());
    }

    [Fact]
    public async Task Nor_does_it_where_more_than_a_MiB_follows_without_another_quote()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Row("1", "A", description: "\"LAMP").Times(30, (s, _) => s.Text(new('x', 40_000))).Row("1", "B").Import();

        Assert.Equal(["B"], (await shop.Order("1"))!.Lines.Select(line => line.ProductId));
        Assert.Equal((32, 31), (summary.Rows, summary.RefusedBy["malformed-row"]));
    }

    [Fact]
    public async Task An_invoice_has_no_more_rows_than_memory_should_hold()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Times(Invoice.MostRows + 2, (s, _) => s.Row("1", "A", "1")).Row("2").Import();

        Assert.Equal(Invoice.MostRows, (await shop.Order("1"))!.TotalAmount / 2.55m);
        Assert.Equal([$"{Invoice.MostRows + 1} validation-failed", $"{Invoice.MostRows + 2} validation-failed"], shop.Refused());
        Assert.Equal(2, summary.Orders);
    }

    [Fact]
    public async Task A_quoted_field_may_hold_a_line_break_and_a_row_that_is_not_UTF8_is_malformed()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", description: "\"RED\nLAMP\"").Bytes([.. "1,B,"u8, 0xff, .. ",1,2010-12-01T08:26:00Z,1,1,UK"u8]).Import();

        Assert.Equal("RED\nLAMP", (await shop.Order("1"))!.Lines.Single().Description);
        Assert.Equal(["2 malformed-row"], shop.Refused());
        Assert.Contains((byte)0xff, File.ReadAllBytes(shop.RefusedFile));
    }

    [Fact]
    public async Task Refused_rows_are_listed_in_order_and_as_they_were()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("C9", "A", "-1").Text("1,A,\"LAMP, RED\",0,2010-12-01T08:26:00Z,2.55,17850,\"U\"\"K\"").Text("1,\"A").Import();

        Assert.Equal(
            """
            Row,Code,InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
            1,partial-return,C9,A,LANTERN,-1,2010-12-01T08:26:00Z,2.55,17850,United Kingdom
            2,validation-failed,1,A,"LAMP, RED",0,2010-12-01T08:26:00Z,2.55,17850,"U""K"
            3,malformed-row,"1,""A"

            """,
            File.ReadAllText(shop.RefusedFile));
        Assert.Equal([shop.File, shop.RefusedFile], Directory.GetFiles(Path.GetTempPath(), $"{Path.GetFileName(shop.File)}*").Order());
    }

    static Guid Uuid5(string name) => UUIDNext.Uuid.NewNameBased(new Guid("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), name);
}
