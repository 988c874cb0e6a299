using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>What was sold, by product.</summary>
/// <param name="From">The first day that counts.</param>
/// <param name="To">The first day that no longer counts.</param>
/// <param name="Items">Currency by currency, as amounts of two do not compare; in each the first of the order that was asked for.</param>
public sealed record ProductFigures(DateOnly From, DateOnly To, IReadOnlyList<ProductFigure> Items)
{
    const int DefaultLimit = 100;
    const int MostLimit = 1_000;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>, <c>query-too-slow</c></exception>
    public static async Task<ProductFigures> Of(HttpContext http, View<Sale> sales, TimeProvider clock)
    {
        var query = QueryParameters.Of(http, "from", "to", "currency", "sort", "limit");
        var period = Period.Of(query, clock);
        var currency = query.Currency("currency");
        var order = (query.Choice("sort", "units", "-units", "revenue", "-revenue", "orders", "-orders") ?? "-revenue") is ['-', .. var descending]
            ? descending + " desc"
            : query.Text("sort");
        var limit = query.Number("limit", 1, MostLimit) ?? DefaultLimit;

        var items = await sales.Ask(
            http,
            table => $"""
            with sold as (
                select product, currency, sum(line.units)::bigint units, sum(line.revenue) revenue, count(*) orders
                from {table}, unnest(products, units, revenue) line(product, units, revenue)
                where confirmed_at >= $1 and confirmed_at < $2 and {SalesTable.Stands} and ($3 = '' or currency = $3)
                group by product, currency),
            ranked as (select *, row_number() over (partition by currency order by {order}, product collate "C") place from sold)
            select product, currency, units, revenue, orders from ranked where place <= $4 order by currency collate "C", place
            """,
            [period.Begin, period.End, currency ?? "", limit],
            row => new ProductFigure(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetDecimal(3), row.GetInt64(4)));
        return new(period.From, period.To, items);
    }
}

/// <summary>What was sold of a product in one currency.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Units">Units in orders that were confirmed in the period and not cancelled since.</param>
/// <param name="Revenue">What they came to.</param>
/// <param name="Orders">How many such orders hold it.</param>
public sealed record ProductFigure(string ProductId, string Currency, long Units, decimal Revenue, long Orders);
