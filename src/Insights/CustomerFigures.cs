using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>What a customer ordered, all in all. One who never did is nobody the service knows, and has no orders.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="Orders">Orders that were created, whatever became of them.</param>
/// <param name="Pending">Those of them that are pending.</param>
/// <param name="Confirmed">Those that are confirmed.</param>
/// <param name="Cancelled">Those that are cancelled.</param>
/// <param name="FirstOrderAt">When the first was created.</param>
/// <param name="LastOrderAt">When the latest was created.</param>
/// <param name="LifetimeValue">What the confirmed ones come to, by currency.</param>
public sealed record CustomerFigures(
    string CustomerId, long Orders, long Pending, long Confirmed, long Cancelled, DateTimeOffset? FirstOrderAt, DateTimeOffset? LastOrderAt, IReadOnlyList<CurrencyAmount> LifetimeValue)
{
    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>, <c>query-too-slow</c></exception>
    public static async Task<CustomerFigures> Of(HttpContext http, View<Sale> sales, string customerId)
    {
        QueryParameters.Of(http);
        QueryParameters.Check("customerId", customerId, new CustomerIdAttribute());
        var currencies = await sales.Ask(
            http,
            table => $"""
            select currency, count(*) filter (where status = 'Pending'), count(*) filter (where status = 'Confirmed'), count(*) filter (where status = 'Cancelled'),
                min(created_at), max(created_at), sum(total) filter (where status = 'Confirmed')
            from {table} where customer_id = $1 group by currency order by currency collate "C"
            """,
            [customerId],
            row => (Currency: row.GetString(0), Pending: row.GetInt64(1), Confirmed: row.GetInt64(2), Cancelled: row.GetInt64(3),
                First: row.GetFieldValue<DateTimeOffset>(4), Last: row.GetFieldValue<DateTimeOffset>(5), Value: row.IsDBNull(6) ? (decimal?)null : row.GetDecimal(6)));
        var (pending, confirmed, cancelled) = (currencies.Sum(c => c.Pending), currencies.Sum(c => c.Confirmed), currencies.Sum(c => c.Cancelled));
        return new(
            customerId, pending + confirmed + cancelled, pending, confirmed, cancelled,
            currencies.Min(c => (DateTimeOffset?)c.First), currencies.Max(c => (DateTimeOffset?)c.Last),
            [.. currencies.Where(c => c.Value is not null).Select(c => new CurrencyAmount(c.Currency, c.Value!.Value))]);
    }
}

/// <summary>An amount in a currency.</summary>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Amount">How much.</param>
public sealed record CurrencyAmount(string Currency, decimal Amount);
