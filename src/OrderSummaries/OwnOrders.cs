using System.Text.Json.Serialization;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.OrderSummaries;

/// <summary>A page of a customer's own orders, newest first.</summary>
/// <param name="Items">The orders.</param>
/// <param name="Next">The cursor of the next page; null at the end.</param>
/// <remarks>They are read from the summaries, by their index of customer and time: a table of their own would be found in the same way and read no faster.</remarks>
public sealed record OwnOrders(IReadOnlyList<OwnOrder> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next)
{
    const int DefaultLimit = 20;
    const int MostLimit = 200;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>forbidden</c>: the caller is no customer. <c>validation-failed</c>.</exception>
    public static async Task<OwnOrders> Of(HttpContext http, View<OrderSummary> summaries)
    {
        if (Caller.Of(http).CustomerId is not { } customer)
            throw new ProblemException("forbidden", "These are a customer's own orders, so the token must have a customer_id. /v1/orders?customerId= lists the orders of any customer.");

        var query = QueryParameters.Of(http, "limit", "cursor");
        var limit = query.Number("limit", 1, MostLimit) ?? DefaultLimit;
        var bound = $"own {customer}";
        var after = query.Text("cursor") is { } cursor ? PageCursor.Read(cursor, bound, byTime: true) : new(DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc), Guid.Empty);
        var rows = await summaries.Ask(
            http,
            table => $"""
            select id, status, (data -> 'itemCount')::int, total_amount, currency, created_at from {table}
            where customer_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4
            """,
            [customer, after.Key, after.Id, limit + 1],
            row => new OwnOrder(row.GetGuid(0), Enum.Parse<OrderStatus>(row.GetString(1)), row.GetInt32(2), row.GetDecimal(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5)));
        return rows.Count <= limit ? new(rows, null) : new(rows[..limit], new PageCursor(rows[limit - 1].CreatedAt.UtcDateTime, rows[limit - 1].OrderId).Write(bound));
    }
}

/// <summary>An order as its customer sees it in a list.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Status">Where the order is in its life.</param>
/// <param name="ItemCount">How many distinct products it holds.</param>
/// <param name="TotalAmount">Sum of quantity × unit price, exact.</param>
/// <param name="Currency">ISO 4217 code of the amount.</param>
/// <param name="CreatedAt">Time of its first event.</param>
public sealed record OwnOrder(Guid OrderId, OrderStatus Status, int ItemCount, decimal TotalAmount, string Currency, DateTimeOffset CreatedAt);
