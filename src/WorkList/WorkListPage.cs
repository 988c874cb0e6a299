using System.Globalization;
using System.Text.Json.Serialization;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.WorkList;

/// <summary>A page of the shop's work list: orders that wait to be confirmed or cancelled.</summary>
/// <param name="Items">The orders.</param>
/// <param name="Next">The cursor of the next page; null at the end.</param>
public sealed record WorkListPage(IReadOnlyList<ListedWork> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next)
{
    const int DefaultLimit = 20;
    const int MostLimit = 200;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>forbidden</c>: the caller is a customer. <c>validation-failed</c>, <c>query-too-slow</c>.</exception>
    public static async Task<WorkListPage> Of(HttpContext http, View<WorkItem> items)
    {
        if (Caller.Of(http).CustomerId is not null)
            throw new ProblemException("forbidden", "The work list is the shop's. A customer's own orders are at /v1/my/orders.");

        var query = QueryParameters.Of(http, "sort", "currency", "productId", "limit", "cursor");
        var (sort, currency, product) = (query.Choice("sort", "longest", "biggest") ?? "longest", query.Currency("currency"), query.Text("productId", new ProductIdAttribute()));
        var (limit, byTime) = (query.Number("limit", 1, MostLimit) ?? DefaultLimit, sort is "longest");
        if (!byTime && currency is null) throw ProblemException.Wrong("currency", "must be given with sort=biggest, as amounts in two currencies do not compare");

        var bound = $"work {sort} {currency} {product}";
        var after = query.Text("cursor") is { } cursor ? PageCursor.Read(cursor, bound, byTime)
            : byTime ? new(DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc), Guid.Empty)
            : new(decimal.MaxValue, Guid.Empty);
        List<object> values = [after.Key, after.Id, limit + 1];
        var (ofCurrency, ofProduct) = (Given("and currency =", currency), Given("and products @>", product is null ? null : new[] { product }));
        var (key, direction, beyond) = byTime ? ("created_at", "asc", ">") : ("total_amount", "desc", "<");

        // How rare a product is PostgreSQL cannot know when it plans once for all: left to itself it would walk all that waits in the order of the page.
        var rows = await items.Ask(
            http,
            table => $"""
            select id, data ->> 'customerId', cardinality(products), total_amount, currency, created_at, (data ->> 'lastUpdated')::timestamptz, mt_version
            from {(product is null ? table : $"(select * from {table} where pending {ofProduct} offset 0) holding")}
            where pending {ofCurrency} and ({key}, id) {beyond} ($1, $2) order by {key} {direction}, id {direction} limit $3
            """,
            [.. values],
            Read);
        return rows.Count <= limit ? new(rows, null) : new(rows[..limit], Behind(rows[limit - 1], byTime).Write(bound));

        string Given(string condition, object? value)
        {
            if (value is null) return "";
            values.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"{condition} ${values.Count}");
        }
    }

    static ListedWork Read(Npgsql.NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.GetDecimal(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6), row.GetInt64(7));

    static PageCursor Behind(ListedWork last, bool byTime) => new(byTime ? last.CreatedAt.UtcDateTime : last.TotalAmount, last.OrderId);
}

/// <summary>An order that waits.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">Whose order it is.</param>
/// <param name="ItemCount">How many distinct products it holds.</param>
/// <param name="TotalAmount">Sum of quantity × unit price, exact.</param>
/// <param name="Currency">ISO 4217 code of the amount.</param>
/// <param name="CreatedAt">Since when it waits.</param>
/// <param name="LastUpdated">Time of its latest event.</param>
/// <param name="Version">The version that is shown: If-Match of a command.</param>
public sealed record ListedWork(Guid OrderId, string CustomerId, int ItemCount, decimal TotalAmount, string Currency, DateTimeOffset CreatedAt, DateTimeOffset LastUpdated, long Version);
