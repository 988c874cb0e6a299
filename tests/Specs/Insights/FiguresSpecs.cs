using System.Globalization;
using System.Text.Json;
using FsCheck.Xunit;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Every figure is what the events say, asked of them in another way.</summary>
public sealed class FiguresSpecs(SoldOrders sold) : IClassFixture<SoldOrders>
{
    readonly Monolith monolith = sold.Service;

    static string Tomorrow => DateTime.UtcNow.AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static TheoryData<string, string> Periods => new()
    {
        { "2010-12-01", "2011-04-01" }, { "2010-12-15", "2011-03-01" }, { "2020-12-31", "2021-01-04" }, { "2020-12-01", "2021-01-05" }, { "2024-12-29", "2025-01-02" }, { "2024-12-30", "2024-12-31" },
        { DateTime.UtcNow.AddDays(-80).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Tomorrow }, { "2010-11-30", Tomorrow },
    };

    [Theory]
    [MemberData(nameof(Periods))]
    public async Task Sales(string from, string to)
    {
        foreach (var bucket in Tomorrow == to && from[..3] == "201" ? new[] { "week", "month" } : ["day", "week", "month"])
        {
            var items = await sold.Items($"/v1/insights/sales?from={from}&to={to}&bucket={bucket}");
            Assert.NotEmpty(items);
            Assert.Equal(await Rows(FiguresFromEvents.Sales(from, to, bucket)), items.Select(i => Text(i, "bucket", "currency", "orders", "confirmed", "cancelled", "revenue")));
        }
    }

    [Theory]
    [MemberData(nameof(Periods))]
    public async Task Products(string from, string to)
    {
        foreach (var sort in "units -units revenue -revenue orders -orders".Split(' '))
        {
            const int Limit = 700;
            var items = await sold.Items($"/v1/insights/products?from={from}&to={to}&sort={sort}&limit={Limit}");
            var expected = (await Rows(FiguresFromEvents.Products(from, to, sort[0] == '-' ? sort[1..] + " desc" : sort))).GroupBy(row => row.Split(' ')[0]).SelectMany(g => g.Take(Limit));
            Assert.Equal(expected, items.Select(i => Text(i, "currency", "productId", "units", "revenue", "orders")));
        }
    }

    [Fact]
    public async Task Bought_together()
    {
        var products = await Rows("select id from (select data ->> 'productId' id, count(*) from events.mt_events where type like 'item_added%' group by 1 order by 2 desc, 1 limit 12) p");
        foreach (var product in products.Append("P99").Append("unheard-of"))
        {
            var answer = await monolith.Send("GET", $"/v1/insights/products/{Uri.EscapeDataString(product)}/bought-together");
            Assert.Equal(await Rows(FiguresFromEvents.Together(product)), answer.Content.GetProperty("items").EnumerateArray().Select(i => Text(i, "productId", "orders")));
            Assert.Equal(await Rows(FiguresFromEvents.Baskets(product)), [answer.Content.GetProperty("orders").GetRawText()]);
        }
    }

    [Fact]
    public async Task Customers()
    {
        var expected = await Rows(FiguresFromEvents.Customers);
        Assert.True(expected.Count > 50);
        foreach (var row in expected)
        {
            var figures = (await monolith.Send("GET", $"/v1/insights/customers/{row.Split(' ')[0]}")).Content;
            var value = string.Join(", ", figures.GetProperty("lifetimeValue").EnumerateArray().Select(v => Text(v, "currency", "amount")));
            Assert.Equal(row, $"{Text(figures, "customerId", "orders", "pending", "confirmed", "cancelled")} {Time(figures, "firstOrderAt")} {Time(figures, "lastOrderAt")} {value}".TrimEnd());
        }

        var nobody = (await monolith.Send("GET", "/v1/insights/customers/nobody")).Content;
        Assert.Equal("""{"customerId":"nobody","orders":0,"pending":0,"confirmed":0,"cancelled":0,"lifetimeValue":[]}""", nobody.GetRawText());

        static string Time(JsonElement figures, string name) => figures.GetProperty(name).GetDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
    }

    [Theory]
    [MemberData(nameof(Periods))]
    public async Task Cancellations(string from, string to)
    {
        var expected = await Rows(FiguresFromEvents.Cancellations(from, to));
        var items = await sold.Items($"/v1/insights/cancellations?from={from}&to={to}&limit=1000");
        Assert.Equal(expected.Take(1000), items.Select(Called));
        if (expected.Count == 0) return;

        var all = (await monolith.Send("GET", $"/v1/insights/cancellations?from={from}&to={to}&limit=1")).Content;
        Assert.Equal(expected[0], Called(Assert.Single(all.GetProperty("items").EnumerateArray())));
        Assert.Equal(
            Assert.Single(await Rows(FiguresFromEvents.Cancellations(from, to).Replace("group by reason order by count(*) desc, reason collate \"C\" nulls first", "", StringComparison.Ordinal).Replace("coalesce(reason, '-')", "'-'", StringComparison.Ordinal))),
            Called(all.GetProperty("all")));

        static string Called(JsonElement item) =>
            $"{(item.TryGetProperty("reason", out var reason) ? reason.GetString() : "-")} {Text(item, "orders", "fromPending", "fromConfirmed", "medianSeconds", "p95Seconds")}";
    }

    [Property(MaxTest = 30)]
    public async Task Days_weeks_and_months_add_up_to_each_other(short start, byte length)
    {
        var from = new DateOnly(2011, 1, 1).AddDays(start);
        if (start > 0) from = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-(start % 100));
        var period = string.Create(CultureInfo.InvariantCulture, $"from={from:yyyy-MM-dd}&to={from.AddDays(1 + length):yyyy-MM-dd}");
        var days = await sold.Items($"/v1/insights/sales?{period}");
        foreach (var bucket in new[] { "week", "month" })
        {
            var added = from day in days
                        let first = DateOnly.Parse(day.GetProperty("starts").GetString()!, CultureInfo.InvariantCulture)
                        let starts = bucket == "week" ? first.AddDays(-(((int)first.DayOfWeek + 6) % 7)) : new DateOnly(first.Year, first.Month, 1)
                        group day by (Starts: starts.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Currency: day.GetProperty("currency").GetString()) into sum
                        orderby sum.Key
                        select string.Create(CultureInfo.InvariantCulture, $"{sum.Key.Starts} {sum.Key.Currency} {Sum(sum, "orders")} {Sum(sum, "confirmed")} {Sum(sum, "cancelled")} {Sum(sum, "revenue") / 1.0000000000000000000000000000m}");
            Assert.Equal(added, (await sold.Items($"/v1/insights/sales?{period}&bucket={bucket}")).Select(i => Text(i, "starts", "currency", "orders", "confirmed", "cancelled", "revenue")));
        }

        static decimal Sum(IEnumerable<JsonElement> items, string member) => items.Sum(item => item.GetProperty(member).GetDecimal());
    }

    [Fact]
    public async Task The_view_is_what_the_events_say_and_a_column_that_is_not_is_named()
    {
        Assert.Empty(await Differences());
        foreach (var (column, value) in new[] { ("products", "array['other']"), ("units", "units || 1::bigint"), ("revenue", "array[0.5]"), ("reason", "'another'"), ("confirmed_at", "'2001-01-01'") })
        {
            var id = await monolith.Query<Guid>("select id from views.mt_doc_sale where status = 'Confirmed' order by id limit 1");
            var kept = await monolith.Query<string>($"select coalesce(quote_literal({column}::text), 'null') from views.mt_doc_sale where id = '{id}'");
            await monolith.Query<int>($"update views.mt_doc_sale set {column} = {value} where id = '{id}' returning 1");
            var found = Assert.Single(await Differences());
            Assert.Equal((id, true), (found.OrderId, found.How.StartsWith($"column {column} is ", StringComparison.Ordinal)));
            await monolith.Query<int>($"update views.mt_doc_sale set {column} = {kept} where id = '{id}' returning 1");
        }

        Assert.Empty(await Differences());

        async Task<List<Difference>> Differences()
        {
            var found = new List<Difference>();
            await new Verification(monolith.Services.GetRequiredService<Marten.IDocumentStore>(), TestContext.Current.CancellationToken).OfAll(found.Add, new Seen(_ => { }));
            return [.. found.Where(difference => difference.View is "sales")];
        }
    }

    static string Text(JsonElement item, params string[] members) =>
        string.Join(' ', members.Select(member => item.GetProperty(member) is { ValueKind: JsonValueKind.String } text ? text.GetString() : item.GetProperty(member).GetRawText()));

    async Task<List<string>> Rows(string sql) => [.. await monolith.Query<string[]>($"select coalesce(array_agg(figure::text), '{{}}') from ({sql}) f(figure)")];
}
