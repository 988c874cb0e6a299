using System.Data;
using Microsoft.AspNetCore.Authorization;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using Wolverine.Http;

namespace OrderMonolith.OrderSummaries;

/// <summary>Where orders are read: stored documents, straight from the database. An order of another customer does not exist for the caller.</summary>
[Authorize(Scopes.ReadOrders)]
public static class QueryEndpoints
{
    const string Order = "select data, mt_version from views.mt_doc_order where id = $1 and ($2 is null or data ->> 'customerId' = $2)";
    const string Summary = "select data - 'products', mt_version from views.mt_doc_order_summary where id = $1 and ($2 is null or customer_id = $2)";

    /// <summary>The order with its lines, as of its last event.</summary>
    [WolverineGet("/v1/orders/{orderId}")]
    public static Task<IResult> GetOrder(Guid orderId, NpgsqlDataSource database, HttpContext http) => One(database, Order, orderId, http);

    /// <summary>The order in one line.</summary>
    [WolverineGet("/v1/orders/{orderId}/summary")]
    public static Task<IResult> GetSummary(Guid orderId, NpgsqlDataSource database, HttpContext http) => One(database, Summary, orderId, http);

    /// <summary>Orders in one line each, a page at a time.</summary>
    [WolverineGet("/v1/orders")]
    public static async Task<IResult> GetOrders(NpgsqlDataSource database, HttpContext http)
    {
        var list = new OrderList(QueryParameters.Of(http, OrderList.Parameters), Caller.Of(http).CustomerId);
        return new StoredJson(await list.Page(database, http.RequestAborted));
    }

    static async Task<IResult> One(NpgsqlDataSource database, string sql, Guid orderId, HttpContext http)
    {
        QueryParameters.Of(http);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = Caller.Of(http).CustomerId, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, http.RequestAborted);
        return await reader.ReadAsync(http.RequestAborted)
            ? new StoredJson(reader.GetFieldValue<byte[]>(0), reader.GetInt64(1))
            : throw new ProblemException("order-not-found", Rejections.OrderNotFound.Message);
    }
}
