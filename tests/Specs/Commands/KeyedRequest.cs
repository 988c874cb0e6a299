using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace OrderMonolith.Specs;

/// <summary>What a caller is told, however often the request comes. A problem is told with the trace of its own request, which is left out here.</summary>
public sealed record ToldAnswer(int Status, string Body, string? ETag, string? Location, string? Token)
{
    /// <summary>How many events it owns up to: an order is created with one item.</summary>
    public int Events => Status switch { 201 => 2, 200 => 1, _ => 0 };
}

/// <summary>A command with a key of its own, which a caller may send again.</summary>
/// <param name="method">As in HTTP.</param>
/// <param name="path">With the query.</param>
/// <param name="json">The body, if there is one.</param>
public sealed class KeyedRequest(string method, string path, string? json = null)
{
    ToldAnswer? answer;

    /// <summary>Its key.</summary>
    public string Key { get; } = Guid.NewGuid().ToString();

    /// <summary>The first answer that came.</summary>
    public ToldAnswer? Answer => answer;

    /// <summary>Whether an answer came that was one of before.</summary>
    public bool Replayed { get; private set; }

    /// <summary>Sends it, once more if need be, and fails where it is not answered as before. No answer is none, nor is one that asks to come back.</summary>
    /// <param name="client">Where to.</param>
    /// <param name="patience">After which the caller hangs up.</param>
    public async Task Send(HttpClient client, TimeSpan? patience = null)
    {
        var before = answer;
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        hangUp.CancelAfter(patience ?? Timeout.InfiniteTimeSpan);
        try
        {
            using var request = new HttpRequestMessage(new(method), path) { Headers = { { "Idempotency-Key", Key } } };
            if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
            using var response = await client.SendAsync(request, hangUp.Token);
            if (response.Headers.RetryAfter is not null) return;

            var body = Regex.Replace(await response.Content.ReadAsStringAsync(hangUp.Token), "\"traceId\":\"[^\"]*\"", "");
            var told = new ToldAnswer((int)response.StatusCode, body, Header(response, "ETag"), Header(response, "Location"), Header(response, "Consistency-Token"));
            Assert.Equal(Interlocked.CompareExchange(ref answer, told, null) ?? told, told);
            var replayed = Header(response, "Idempotent-Replayed") == "true";
            Assert.True(replayed || before is null);
            Replayed |= replayed;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            // The service is gone, or the caller.
        }
    }

    static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
