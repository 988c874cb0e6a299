using System.Globalization;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using Wolverine.Http;

namespace OrderMonolith.History;

/// <summary>Where the past of orders is read. An order of another customer does not exist for the caller.</summary>
[Authorize(Scopes.ReadOrders)]
public static class HistoryEndpoints
{
    const int DefaultLimit = 100;
    const int MostLimit = 1_000;
    const int MostSteps = 1_000;
    const int MostLinesInSteps = 100_000;

    /// <summary>The order with its lines: as of its last event, or as it was at a version or a time.</summary>
    [WolverineGet("/v1/orders/{orderId}")]
    public static async Task<IResult> GetOrder(Guid orderId, NpgsqlDataSource database, IDocumentStore store, HttpContext http)
    {
        var query = QueryParameters.Of(http, "version", "at");
        var (version, at) = (query.Number("version", 1, int.MaxValue), query.Time("at", inclusive: true));
        if (version is null && at is null)
            return await StoredJson.Find(database, store.TableOf<Order>(), orderId, http) is { } order ? new StoredJson(order.Json, order.Version) : throw await StoredJson.WhyMissing(database, orderId, http);
        if (version is not null && at is not null) throw ProblemException.Wrong("at", "does not go with version");

        await using var session = store.QuerySession();
        var wanted = version ?? await OrderHistory.VersionAt(session, orderId, at!.Value);
        var history = await Of(session, orderId, wanted, http);
        if (wanted < 1 || history.Version < wanted) throw NoVersion();
        return StoredJson.Of(history.AsOf(wanted), wanted);
    }

    /// <summary>What happened to the order, who did it and from what.</summary>
    [WolverineGet("/v1/orders/{orderId}/events")]
    public static async Task<IResult> GetEvents(Guid orderId, IQuerySession session, HttpContext http)
    {
        var query = QueryParameters.Of(http, "after", "limit");
        var (after, limit) = (query.Number("after", 0, int.MaxValue) ?? 0, query.Number("limit", 1, MostLimit) ?? DefaultLimit);
        await Of(session, orderId, 1, http);
        return StoredJson.Of(await AuditTrail.Page(session, orderId, after, limit));
    }

    /// <summary>What changed in the order between two versions.</summary>
    [WolverineGet("/v1/orders/{orderId}/diff")]
    public static async Task<IResult> GetDiff(Guid orderId, IQuerySession session, HttpContext http)
    {
        var query = QueryParameters.Of(http, "from", "to");
        var (first, last) = (query.Number("from", 0, int.MaxValue), query.Number("to", 0, int.MaxValue));
        var history = await Of(session, orderId, last is { } end ? Math.Max(end, first ?? 1) : long.MaxValue, http);
        var to = last ?? (int)history.Version;
        var from = first ?? Math.Max(to - 1, 0);
        if (Math.Max(from, to) > history.Version) throw NoVersion();
        var steps = StepsOf(history);
        if (Math.Abs(to - from) > steps) throw ProblemException.Wrong("from", string.Create(CultureInfo.InvariantCulture, $"must be within {steps} versions of to"));
        return StoredJson.Of(OrderDiff.Between(history, from, to, e => AuditTrail.NameOf(session.DocumentStore, e.EventType)));
    }

    /// <summary>The order as it would be with another past. Nothing is written.</summary>
    [WolverinePost("/v1/orders/{orderId}/what-if")]
    public static async Task<IResult> WhatIf(Guid orderId, [FromBody] WhatIfRequest request, IQuerySession session, TimeProvider clock, HttpContext http)
    {
        var history = await Of(session, orderId, request.AtVersion ?? long.MaxValue, http);
        if (history.Version < request.AtVersion || request.Drop?.Any(version => version > history.Version) is true) throw NoVersion();
        return StoredJson.Of(History.WhatIf.Of(history, request, clock.GetUtcNow(), fact => AuditTrail.NameOf(session.DocumentStore, fact.GetType())));
    }

    /// <summary>How many steps a difference may have: each shows the whole order, so there are fewer of a large one.</summary>
    static int StepsOf(OrderHistory history) => Math.Clamp(MostLinesInSteps / history.States().Max(order => Math.Max(order?.Lines.Count ?? 0, 1)), 1, MostSteps);

    /// <summary>An order's events up to a version, the first at least.</summary>
    /// <exception cref="ProblemException"><c>order-not-found</c></exception>
    static async Task<OrderHistory> Of(IQuerySession session, Guid orderId, long upTo, HttpContext http)
    {
        var history = await OrderHistory.Load(session, orderId, Math.Max(upTo, 1));
        return history.AsOf(1) is { } order && (Caller.Of(http).CustomerId ?? order.CustomerId) == order.CustomerId ? history : throw ProblemException.OrderNotFound;
    }

    static ProblemException NoVersion() => new("order-not-found", "The order is there, but not in this version or at this time.");
}
