using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Timeouts;
using OrderMonolith.Http;
using Wolverine.Http;

namespace OrderMonolith.Feed;

/// <summary>Where all that happened to all orders can be fetched, in order and without a gap: for who wants no broker and no webhook.</summary>
[Authorize(Scopes.ReadOrders)]
public static class FeedEndpoints
{
    const int MostEvents = 1_000;

    /// <summary>The next events.</summary>
    [WolverineGet("/v1/events")]
    public static async Task<IResult> GetEvents(EventFeed feed, HttpContext http)
    {
        OfTheShop(http);
        var query = QueryParameters.Of(http, "after", "limit");
        var after = query.Text("after") is { } place ? await feed.Begin(place, "after", http.RequestAborted) : 0;
        return new EventBatch(await feed.Page(after, query.Number("limit", 1, MostEvents) ?? 100, http.RequestAborted), query.Text("after"), query.Text("limit"));
    }

    /// <summary>Events as they happen.</summary>
    [WolverineGet("/v1/events/stream")]
    public static async Task<IResult> StreamEvents(EventFeed feed, IHostApplicationLifetime host, HttpContext http)
    {
        OfTheShop(http);
        var after = QueryParameters.Of(http, "after").Text("after");
        var begin = http.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? await feed.Begin(last, "Last-Event-ID", http.RequestAborted)
            : after is not null ? await feed.Begin(after, "after", http.RequestAborted)
            : await feed.End(http.RequestAborted);
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        return new LiveEvents(feed, begin, host.ApplicationStopping);
    }

    static void OfTheShop(HttpContext http)
    {
        if (Caller.Of(http).CustomerId is not null) throw new ProblemException("forbidden", "The feed holds the events of all orders: it is not for tokens that stand for a customer.");
    }
}
