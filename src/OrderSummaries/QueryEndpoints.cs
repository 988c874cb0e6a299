using Marten;
using Microsoft.AspNetCore.Authorization;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Views;
using Wolverine.Http;

namespace OrderMonolith.OrderSummaries;

/// <summary>Where orders are read: stored documents, straight from the database. An order of another customer does not exist for the caller.</summary>
[Authorize(Scopes.ReadOrders)]
public static class QueryEndpoints
{
    /// <summary>The order in one line.</summary>
    [WolverineGet("/v1/orders/{orderId}/summary")]
    public static async Task<IResult> GetSummary(Guid orderId, NpgsqlDataSource database, IDocumentStore store, ConsistentReads reads, HttpContext http)
    {
        QueryParameters.Of(http);
        await reads.CatchUp<OrderSummary>(http);
        return await StoredJson.Find(database, store.TableOf<OrderSummary>(), orderId, http) is { } summary
            ? new StoredJson(ShownSummary.Of(summary.Json), summary.Version)
            : throw await StoredJson.WhyMissing(database, orderId, http);
    }

    /// <summary>The caller's own orders, newest first.</summary>
    [WolverineGet("/v1/my/orders")]
    public static async Task<IResult> GetOwnOrders(View<OrderSummary> summaries, HttpContext http) => StoredJson.Of(await OwnOrders.Of(http, summaries));

    /// <summary>Orders in one line each, a page at a time.</summary>
    [WolverineGet("/v1/orders")]
    public static async Task<IResult> GetOrders(NpgsqlDataSource database, IDocumentStore store, ConsistentReads reads, HttpContext http)
    {
        var list = new OrderList(QueryParameters.Of(http, OrderList.Parameters), Caller.Of(http).CustomerId);
        await reads.CatchUp<OrderSummary>(http);
        return new StoredJson(await list.Page(database, store.TableOf<OrderSummary>(), http.RequestAborted));
    }
}
