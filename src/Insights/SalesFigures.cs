using System.Globalization;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>What was sold, over time.</summary>
/// <param name="From">The first day that counts.</param>
/// <param name="To">The first day that no longer counts.</param>
/// <param name="Bucket">What the days are added up to: <c>day</c>, <c>week</c> or <c>month</c>.</param>
/// <param name="Items">In order of time, then of currency; what is nothing but zeros is left out.</param>
public sealed record SalesFigures(DateOnly From, DateOnly To, string Bucket, IReadOnlyList<SalesFigure> Items)
{
    const int MostBuckets = 1_000;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>: a parameter is wrong, or there would be more than 1,000 buckets. <c>query-too-slow</c>.</exception>
    public static async Task<SalesFigures> Of(HttpContext http, View<Sale> sales, TimeProvider clock)
    {
        var query = QueryParameters.Of(http, "from", "to", "bucket");
        var (period, bucket) = (Period.Of(query, clock), query.Choice("bucket", "day", "week", "month") ?? "day");
        if (period.Days / bucket switch { "day" => 1, "week" => 7, _ => 28 } > MostBuckets)
            throw ProblemException.Wrong("from", string.Create(CultureInfo.InvariantCulture, $"is too early: there would be more than {MostBuckets} {bucket}s"));

        var items = await sales.Ask(
            http,
            table => $"""
            with counted as (
                select date_trunc($3, created_at at time zone 'UTC') bucket, currency, count(*) orders, 0 confirmed, 0 cancelled, 0 revenue
                from {table} where created_at >= $1 and created_at < $2 group by 1, 2
                union all
                select date_trunc($3, confirmed_at at time zone 'UTC'), currency, 0, count(*), 0, sum(total)
                from {table} where confirmed_at >= $1 and confirmed_at < $2 and {SalesTable.Stands} group by 1, 2
                union all
                select date_trunc($3, cancelled_at at time zone 'UTC'), currency, 0, 0, count(*), 0
                from {table} where cancelled_at >= $1 and cancelled_at < $2 group by 1, 2)
            select bucket::date, currency, sum(orders)::bigint, sum(confirmed)::bigint, sum(cancelled)::bigint, sum(revenue)
            from counted group by bucket, currency order by bucket, currency collate "C"
            """,
            [period.Begin, period.End, bucket],
            row => new SalesFigure(
                NameOf(row.GetFieldValue<DateOnly>(0), bucket), row.GetFieldValue<DateOnly>(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetDecimal(5)));
        return new(period.From, period.To, bucket, items);
    }

    /// <summary>As ISO 8601 writes it: the week of a year may begin in the year before.</summary>
    static string NameOf(DateOnly first, string bucket) => bucket switch
    {
        "day" => first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "week" => string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(first):0000}-W{ISOWeek.GetWeekOfYear(first):00}"),
        _ => first.ToString("yyyy-MM", CultureInfo.InvariantCulture),
    };
}

/// <summary>What was sold in one bucket of time in one currency.</summary>
/// <param name="Bucket">The bucket as ISO 8601 writes it: <c>2026-01-31</c>, <c>2026-W05</c> or <c>2026-01</c>.</param>
/// <param name="Starts">Its first day, UTC; of it and the days that follow only those within the period count.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Orders">Orders created in it, whatever became of them.</param>
/// <param name="Confirmed">Orders confirmed in it that were not cancelled since: the sales.</param>
/// <param name="Cancelled">Orders cancelled in it, whenever they were created or confirmed.</param>
/// <param name="Revenue">What the sales come to.</param>
public sealed record SalesFigure(string Bucket, DateOnly Starts, string Currency, long Orders, long Confirmed, long Cancelled, decimal Revenue);
