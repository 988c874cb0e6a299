using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using OrderMonolith.Contracts;

namespace OrderMonolith.Feed;

/// <summary>Events as they happen, as server-sent events: the position as id, the type as name, the CloudEvent as data. While nothing happens a comment is sent now and then, so that both sides know that the other is there.</summary>
/// <param name="feed">The events.</param>
/// <param name="after">The place to begin behind.</param>
/// <param name="stopping">Ends it when the service stops.</param>
public sealed class LiveEvents(EventFeed feed, long after, CancellationToken stopping) : IResult
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        (response.ContentType, response.Headers.CacheControl) = ("text/event-stream", "no-cache");

        // So HEAD is served: it would wait for an end that never comes.
        if (response.Body == Stream.Null) return;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await Send(response.BodyWriter, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The listener is gone, or comes back to another node with the id of the last event that it had.
        }
    }

    async Task Send(PipeWriter body, CancellationToken cancellation)
    {
        var history = await feed.Epoch(cancellation);
        await Comment(body, cancellation);
        for (var place = after; history == await feed.Epoch(cancellation);)
        {
            try
            {
                (var events, place) = await feed.Next(place, Heartbeat, cancellation);
                foreach (var e in events) Write(body, e);
                await body.FlushAsync(cancellation);
            }
            catch (TimeoutException)
            {
                await Comment(body, cancellation);
            }
        }
    }

    static async Task Comment(PipeWriter body, CancellationToken cancellation)
    {
        body.Write(":\n\n"u8);
        await body.FlushAsync(cancellation);
    }

    /// <summary>The JSON has no line breaks of its own.</summary>
    static void Write(PipeWriter body, PublicEvent e)
    {
        Encoding.ASCII.GetBytes($"id: {e.Position}\nevent: {e.Type}\ndata: ", body);
        body.Write(e.Json.Span);
        body.Write("\n\n"u8);
    }
}
