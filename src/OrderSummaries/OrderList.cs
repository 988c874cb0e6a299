using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.OrderSummaries;

/// <summary>A list of orders that a caller asks for, page by page: which ones, in which order, from where.</summary>
/// <remarks>
/// Pages follow each other by key: the next starts behind the last row's place, whatever was inserted meanwhile. Nothing is counted.
/// <see cref="OrderSummary.CreatedAt"/> never changes, so that a walk by it misses and repeats nothing; by the other keys an order that changes may move.
/// </remarks>
public sealed class OrderList
{
    const int DefaultLimit = 20;
    const int MostLimit = 200;
    const decimal HighestTotal = (decimal)Bounds.MostLines * Bounds.MostUnits * Bounds.HighestPrice;

    static readonly string[] Statuses = Enum.GetNames<OrderStatus>();
    static readonly OpaqueIdAttribute Id = new();
    static readonly RegularExpressionAttribute Currency = new("^[A-Z]{3}$") { ErrorMessage = "must be a currency code of three capital letters" };

    internal const string OfCustomer = "customer_id =";
    internal const string OfStatus = "status =";
    const string HoldsProduct = "data -> 'products' ?";

    readonly List<(string Condition, object Value)> filters = [];
    readonly (string Column, bool Descending) sort;
    readonly int limit;
    readonly PageCursor? after;

    /// <summary>Reads what is asked for.</summary>
    /// <param name="query">The request's parameters.</param>
    /// <param name="owner">The only customer whose orders the caller may see; null where it may see all.</param>
    /// <exception cref="ProblemException"><c>validation-failed</c>, naming the parameter.</exception>
    public OrderList(QueryParameters query, string? owner)
    {
        Filter(OfCustomer, owner);
        Filter(OfCustomer, query.Text("customerId", Id));
        Filter(OfStatus, query.Choice("status", Statuses));
        Filter(HoldsProduct, query.Text("productId", Id));
        Filter("currency =", query.Text("currency", Currency));
        Filter("created_at >=", query.Time("createdFrom"));
        Filter("created_at <", query.Time("createdTo"));
        Filter("total_amount >=", query.Amount("minTotal", HighestTotal, Bounds.PriceDecimals));
        Filter("total_amount <=", query.Amount("maxTotal", HighestTotal, Bounds.PriceDecimals));
        sort = query.Choice("sort", "createdAt", "-createdAt", "lastUpdated", "-lastUpdated", "totalAmount", "-totalAmount") switch
        {
            "createdAt" => ("created_at", false),
            "lastUpdated" => ("last_updated", false),
            "-lastUpdated" => ("last_updated", true),
            "totalAmount" => ("total_amount", false),
            "-totalAmount" => ("total_amount", true),
            _ => ("created_at", true),
        };
        limit = query.Number("limit", 1, MostLimit) ?? DefaultLimit;
        after = query.Text("cursor") is { } cursor ? PageCursor.Read(cursor, Bound, byTime: sort.Column != "total_amount") : null;
    }

    /// <summary>The names of the parameters that a list may have.</summary>
    public static string[] Parameters { get; } =
        ["customerId", "status", "productId", "currency", "createdFrom", "createdTo", "minTotal", "maxTotal", "sort", "limit", "cursor"];

    /// <summary>The page as JSON, <c>{"items":[…],"next":…}</c>, the items as they lie in the database.</summary>
    /// <exception cref="ProblemException"><c>query-too-slow</c>: it took too long.</exception>
    public async Task<ReadOnlyMemory<byte>> Page(NpgsqlDataSource database, string table, CancellationToken cancellation)
    {
        try
        {
            await using var batch = Question(table).In(database);
            await using var reader = await batch.ExecuteReaderAsync(cancellation);
            await reader.NextResultAsync(cancellation);
            return await Page(reader, cancellation);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.QueryCanceled)
        {
            throw new ProblemException("query-too-slow", string.Create(CultureInfo.InvariantCulture,
                $"The list was not found within {ListQuestion.MostSeconds} seconds. Fast are lists of all orders, of a customerId, of a status and of a productId: add one of these three, or leave other filters out."));
        }
    }

    async Task<ReadOnlyMemory<byte>> Page(NpgsqlDataReader reader, CancellationToken cancellation)
    {
        var page = new ArrayBufferWriter<byte>(16 * 1024);
        page.Write("{\"items\":["u8);
        var last = default(PageCursor);
        for (var rows = 0; await reader.ReadAsync(cancellation); rows++)
        {
            // One row more than the page holds tells that there is a next one.
            if (rows == limit) return Ended(page, last.Write(Bound));
            if (rows > 0) page.Write(","u8);
            ShownSummary.WriteTo(page, reader.GetFieldValue<byte[]>(0));
            if (rows == limit - 1) last = new(reader.GetValue(1), reader.GetGuid(2));
        }

        return Ended(page, null);
    }

    static ReadOnlyMemory<byte> Ended(ArrayBufferWriter<byte> page, string? next)
    {
        page.Write("],\"next\":"u8);
        page.Write(next is null ? "null"u8 : Encoding.ASCII.GetBytes($"\"{next}\""));
        page.Write("}"u8);
        return page.WrittenMemory;
    }

    void Filter(string condition, object? value)
    {
        if (value is not null) filters.Add((condition, value));
    }

    /// <summary>Sort and filters in one text: what a cursor is bound to.</summary>
    string Bound => string.Join('\n', filters.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Condition} {Exact(f.Value)}")).Prepend(sort.ToString()));

    static object Exact(object value) => value is DateTime time ? time.Ticks : value is decimal amount ? amount / Amounts.Scaleless : value;

    /// <summary>The question for the page.</summary>
    /// <param name="table">The table of the summaries.</param>
    public ListQuestion Question(string table)
    {
        var question = new ListQuestion(table, sort.Column, sort.Descending, limit + 1);
        foreach (var (condition, value) in filters)
        {
            if (condition is HoldsProduct) question.Holding((string)value);
            else question.Where(condition, value);
        }

        if (after is { } place) question.After(place);
        return question;
    }
}
