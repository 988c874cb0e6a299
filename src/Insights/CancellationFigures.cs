using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>Why orders were called off, and how soon.</summary>
/// <param name="From">The first day of cancellations that count.</param>
/// <param name="To">The first day that no longer counts.</param>
/// <param name="All">All of them together; absent where there are none.</param>
/// <param name="Items">By reason, the most frequent first.</param>
public sealed record CancellationFigures(DateOnly From, DateOnly To, CancellationFigure? All, IReadOnlyList<CancellationFigure> Items)
{
    const int DefaultLimit = 100;
    const int MostLimit = 1_000;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>, <c>query-too-slow</c></exception>
    public static async Task<CancellationFigures> Of(HttpContext http, View<Sale> sales, TimeProvider clock)
    {
        var query = QueryParameters.Of(http, "from", "to", "limit");
        var (period, limit) = (Period.Of(query, clock), query.Number("limit", 1, MostLimit) ?? DefaultLimit);
        var rows = await sales.Ask(
            http,
            table => $"""
            select grouping(reason), reason, count(*), count(*) filter (where confirmed_at is null), count(confirmed_at),
                extract(epoch from percentile_disc(0.5) within group (order by cancelled_at - created_at)),
                extract(epoch from percentile_disc(0.95) within group (order by cancelled_at - created_at))
            from {table} where cancelled_at >= $1 and cancelled_at < $2
            group by grouping sets ((), (reason)) having count(*) > 0
            order by 1 desc, 3 desc, reason collate "C" nulls first limit $3
            """,
            [period.Begin, period.End, limit + 1],
            row => new CancellationFigure(row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetDecimal(5), row.GetDecimal(6)));
        return new(period.From, period.To, rows.FirstOrDefault(), rows[Math.Min(1, rows.Count)..]);
    }
}

/// <summary>Orders that were called off.</summary>
/// <param name="Reason">Why, in the callers' words; absent where nobody said, and of all together.</param>
/// <param name="Orders">How many.</param>
/// <param name="FromPending">Those that were pending until then.</param>
/// <param name="FromConfirmed">Those that were confirmed until then.</param>
/// <param name="MedianSeconds">From the order's creation to its cancellation: half of them took no longer.</param>
/// <param name="P95Seconds">The same: 95 in 100 took no longer.</param>
public sealed record CancellationFigure(string? Reason, long Orders, long FromPending, long FromConfirmed, decimal MedianSeconds, decimal P95Seconds);
