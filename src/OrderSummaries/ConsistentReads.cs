using System.Globalization;
using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Storage;

namespace OrderMonolith.OrderSummaries;

/// <summary>Lets a reader wait until a view that follows from behind holds what a <c>Consistency-Token</c> names.</summary>
public sealed class ConsistentReads(NpgsqlDataSource database, IDocumentStore store, StoreEpoch epoch, OrderSummaryLifecycle lifecycle, TimeProvider clock)
{
    const int DefaultSeconds = 5;
    const int MostSeconds = 30;

    const string Progress = """
        select coalesce((select last_seq_id from events.mt_event_progression where name = $1), 0), (select coalesce(max(seq_id), 0) from events.mt_events)
        """;

    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits as long as the request prefers (<c>Prefer: wait=seconds</c>). A view that changes with the append has nothing to wait for.</summary>
    /// <exception cref="ProblemException"><c>consistency-token-unknown</c> for a token that is none, or of another history; <c>projection-behind</c> when the time is over.</exception>
    public async Task CatchUp(HttpContext http)
    {
        var header = http.Request.Headers["Consistency-Token"];
        if (header.Count == 0) return;
        var cancellation = http.RequestAborted;
        if (!ConsistencyToken.TryParse(header.Count == 1 ? header[0] : null, out var token) || token.Epoch != await epoch.Current(cancellation)) throw Unknown();
        if (lifecycle.Wanted is JasperFx.Events.Projections.ProjectionLifecycle.Inline) return;

        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        var (begin, patience) = (clock.GetTimestamp(), Patience(http));
        for (var pause = ShortestPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var (position, head) = await Where(cancellation);
            if (token.Position > head) throw Unknown();
            if (position >= token.Position) return;
            if (clock.GetElapsedTime(begin) + pause > patience)
                throw new ProblemException("projection-behind", string.Create(CultureInfo.InvariantCulture, $"The view does not hold the command yet, after {patience.TotalSeconds} seconds."));
            await Task.Delay(pause, clock, cancellation);
        }
    }

    async Task<(long Position, long Head)> Where(CancellationToken cancellation)
    {
        await using var question = database.CreateCommand(Progress);
        question.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store.ViewOf<OrderSummary>().Shard });
        await using var answer = await question.ExecuteReaderAsync(cancellation);
        await answer.ReadAsync(cancellation);
        return (answer.GetInt64(0), answer.GetInt64(1));
    }

    static TimeSpan Patience(HttpContext http)
    {
        var wanted = NameValueHeaderValue.TryParseList(http.Request.Headers["Prefer"], out var preferences)
            ? preferences.FirstOrDefault(p => p.Name.Equals("wait", StringComparison.OrdinalIgnoreCase))?.Value.Value
            : null;
        return TimeSpan.FromSeconds(uint.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MostSeconds) : DefaultSeconds);
    }

    static ProblemException Unknown() => new("consistency-token-unknown", "The Consistency-Token is none of this store's, as it is now.");
}
