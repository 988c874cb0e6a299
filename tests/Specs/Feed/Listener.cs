using System.Net.ServerSentEvents;
using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>Somebody who listens to the feed.</summary>
public sealed class Listener : IAsyncDisposable
{
    readonly HttpClient client;
    readonly HttpResponseMessage answer;
    readonly IAsyncEnumerator<SseItem<string>> events;

    Listener(HttpClient client, HttpResponseMessage answer, IAsyncEnumerator<SseItem<string>> events) => (this.client, this.answer, this.events) = (client, answer, events);

    /// <summary>Begins to listen; what happens from then on is heard, or what happened since the event of an id.</summary>
    public static async Task<Listener> To(Monolith service, string? lastEventId = null)
    {
        var client = service.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events/stream");
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        return new(client, answer, SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator());
    }

    /// <summary>The next that are heard.</summary>
    public async Task<List<(string Id, string Type, JsonElement Event)>> Hear(int count)
    {
        var heard = new List<(string, string, JsonElement)>();
        while (heard.Count < count && await events.MoveNextAsync().AsTask().WaitAsync(Eventually.Never))
            heard.Add((events.Current.EventId!, events.Current.EventType, JsonElement.Parse(events.Current.Data)));
        return heard;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        // The reader may wait for what never comes: it ends with the answer.
        answer.Dispose();
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
