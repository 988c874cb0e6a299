using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace OrderMonolith.Benchmarks;

/// <summary>How long one client waits for pages of lists, near and far: without a filter, by customer, status and product, by each sort in both directions.</summary>
public sealed class Lists : IDisposable
{
    const int PageSize = 20;
    const int LargestPage = 200;
    const int Times = 100;

    static readonly string[] Sorts = ["createdAt", "-createdAt", "lastUpdated", "-lastUpdated", "totalAmount", "-totalAmount"];
    static readonly int[] Pages = [1, 50, 2_000];

    /// <summary>Great and small customers, products in many orders and in few.</summary>
    const string Filters = """
        with customers as (select customer_id, count(*) n, row_number() over (order by count(*) desc) place, count(*) over () of from views.mt_doc_order_summary group by 1),
        products as (select product, count(*) n, row_number() over (order by count(*) desc) place, count(*) over () of
            from views.mt_doc_order_summary, jsonb_object_keys(data -> 'products') product group by 1)
        select string_agg(query || '|' || n, ' ' order by kind, n desc) from (
            select '' query, count(*) n, 1 kind from views.mt_doc_order_summary
            union all select 'customerId=' || customer_id, n, 2 from customers where place in (1, of / 100, of / 2)
            union all select 'status=' || status, count(*), 3 from views.mt_doc_order_summary group by status
            union all select 'productId=' || product, n, 4 from products where place in (1, 2, of / 100, of / 20, of / 2, of)) filters
        """;

    readonly Connection connection;

    Lists(IPEndPoint server) => connection = new(server);

    /// <summary>Measures all of them.</summary>
    public static async Task Measure(IPEndPoint server, Store store)
    {
        using var lists = new Lists(server);
        var filters = (await store.Ask(Filters)).Split(' ').Select(filter => filter.Split('|')).ToList();
        foreach (var sort in Sorts) lists.Walk("", sort);
        Say($"pages of {PageSize}, ms: p50 / p99 of {Times} pages from the one named on");
        Say($"| {"",-32} | {"orders",9} | {"sort",-12} | {string.Join(" | ", Pages.Select(page => string.Create(CultureInfo.InvariantCulture, $"{$"page {page:N0}",-15}")))} |");
        foreach (var filter in filters)
        {
            foreach (var sort in Sorts) Say($"| {filter[0],-32} | {int.Parse(filter[1], CultureInfo.InvariantCulture),9:N0} | {sort,-12} | {string.Join(" | ", lists.Walk(filter[0], sort))} |");
        }
    }

    /// <inheritdoc />
    public void Dispose() => connection.Dispose();

    /// <summary>Walks a list and stops at the pages of interest.</summary>
    List<string> Walk(string filter, string sort)
    {
        var list = $"/v1/orders?sort={sort}{(filter.Length > 0 ? "&" + filter : "")}";
        var seen = new List<string>();
        string? cursor = "";
        var passed = 0;
        foreach (var page in Pages)
        {
            while (cursor is not null && passed < (page - 1) * PageSize)
            {
                var step = Math.Min(LargestPage, (page - 1) * PageSize - passed);
                cursor = Ask(list, step, cursor);
                passed += step;
            }

            seen.Add(cursor is null ? $"{"",15}" : Time(list, ref cursor, ref passed, again: page == 1));
        }

        return seen;
    }

    string Time(string list, ref string? cursor, ref int passed, bool again)
    {
        var taken = new List<double>(Times);
        while (taken.Count < Times && cursor is not null)
        {
            var began = Stopwatch.GetTimestamp();
            var next = Ask(list, PageSize, cursor);
            taken.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (again) continue;
            cursor = next;
            passed += PageSize;
        }

        taken.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"{taken[taken.Count / 2],6:0.0} / {taken[taken.Count * 99 / 100],6:0.0}");
    }

    string? Ask(string list, int limit, string cursor)
    {
        using var page = JsonDocument.Parse(connection.Ask("GET", $"{list}&limit={limit}{(cursor.Length > 0 ? "&cursor=" + cursor : "")}"));
        return page.RootElement.GetProperty("next").GetString();
    }

    static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
