using System.Globalization;
using Marten;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Storage;

namespace OrderMonolith.Views;

/// <summary>Sees to it that a reader is answered from a view that can be relied on: one that is not late and, where it sends a <c>Consistency-Token</c>, holds what that names.</summary>
public sealed class ConsistentReads(NpgsqlDataSource database, IDocumentStore store, ViewProgress progress, ViewLag lag, StoreEpoch epoch, TimeProvider clock)
{
    const int DefaultSeconds = 5;
    const int MostSeconds = 30;

    /// <summary>Who will not wait at all has a look all the same.</summary>
    static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Waits as long as the request prefers (<c>Prefer: wait=seconds</c>). A view that changes with the append has nothing to wait for.</summary>
    /// <typeparam name="T">What the view's documents are.</typeparam>
    /// <exception cref="ProblemException"><c>consistency-token-unknown</c> for a token that is none, or of another history; <c>projection-behind</c> when the time is over, or at once without a token.</exception>
    public async Task CatchUp<T>(HttpContext http)
    {
        var view = store.ViewOf<T>();
        var header = http.Request.Headers["Consistency-Token"];
        if (header.Count == 0)
        {
            lag.MustNotBe(view);
            return;
        }

        var token = await Known(header.Count == 1 ? header[0] : null, http.RequestAborted);
        if (view.Lags) await CatchUp(view, token, http);
    }

    /// <summary>A place in the store's history that a caller names.</summary>
    /// <param name="text">As it was given out.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="otherwise">What to say where it is none.</param>
    /// <exception cref="ProblemException"><c>consistency-token-unknown</c>: it is none of this history's.</exception>
    public async Task<ConsistencyToken> Known(string? text, CancellationToken cancellation, string otherwise = "The Consistency-Token is none of this store's, as it is now.")
    {
        var unknown = new ProblemException("consistency-token-unknown", otherwise);
        if (!ConsistencyToken.TryParse(text, out var token) || token.Epoch != await epoch.Current(cancellation)) throw unknown;
        await using var question = database.CreateCommand("select id from events.mt_events where seq_id = $1");
        question.Parameters.Add(new NpgsqlParameter<long> { TypedValue = token.Position });
        return await question.ExecuteScalarAsync(cancellation) is Guid eventId && ConsistencyToken.MarkOf(eventId) == token.Mark ? token : throw unknown;
    }

    async Task CatchUp(KeptView view, ConsistencyToken token, HttpContext http)
    {
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        var (begin, patience) = (clock.GetTimestamp(), Patience(http));
        try
        {
            var left = patience > Look ? patience : Look;
            while ((await progress.Next().WaitAsync(left, clock, http.RequestAborted)).GetValueOrDefault(view.Shard) < token.Position || lag.IsLate(view))
            {
                left = patience - clock.GetElapsedTime(begin);
                if (left <= TimeSpan.Zero) throw new TimeoutException();
            }
        }
        catch (TimeoutException)
        {
            throw new ProblemException("projection-behind", string.Create(CultureInfo.InvariantCulture, $"The view does not hold the command yet, after {patience.TotalSeconds} seconds."));
        }
    }

    static TimeSpan Patience(HttpContext http)
    {
        var wanted = NameValueHeaderValue.TryParseList(http.Request.Headers["Prefer"], out var preferences)
            ? preferences.FirstOrDefault(p => p.Name.Equals("wait", StringComparison.OrdinalIgnoreCase))?.Value.Value
            : null;
        return TimeSpan.FromSeconds(uint.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MostSeconds) : DefaultSeconds);
    }
}
