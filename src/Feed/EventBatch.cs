using OrderMonolith.Contracts;

namespace OrderMonolith.Feed;

/// <summary>Events as a batch of CloudEvents. Where to go on from stands in the link to what is next, which is always there: at the end it leads to what has not happened yet.</summary>
/// <param name="events">The events.</param>
/// <param name="after">Where the batch begins, as the caller named it.</param>
/// <param name="limit">The limit, as the caller named it.</param>
public sealed class EventBatch(IReadOnlyList<PublicEvent> events, string? after, string? limit) : IResult
{
    /// <summary>The media type of a batch.</summary>
    public const string MediaType = "application/cloudevents-batch+json";

    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = MediaType;
        var next = new Dictionary<string, string?> { ["after"] = events.Count > 0 ? events[^1].Position : after, ["limit"] = limit }.Where(parameter => parameter.Value is not null);
        response.Headers.Link = $"</v1/events{QueryString.Create(next)}>; rel=\"next\"";
        response.ContentLength = 2 + events.Sum(e => e.Json.Length) + Math.Max(0, events.Count - 1);
        var body = response.BodyWriter;
        await body.WriteAsync("["u8.ToArray(), httpContext.RequestAborted);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0) await body.WriteAsync(","u8.ToArray(), httpContext.RequestAborted);
            await body.WriteAsync(events[i].Json, httpContext.RequestAborted);
        }

        await body.WriteAsync("]"u8.ToArray(), httpContext.RequestAborted);
    }
}
