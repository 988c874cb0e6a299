using System.Globalization;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;
using OrderMonolith.Http;
using OrderMonolith.Storage;

namespace OrderMonolith.OrderSummaries;

/// <summary>Lets a reader wait until a view that follows from behind holds what a <c>Consistency-Token</c> names.</summary>
public sealed class ConsistentReads(ViewProgress progress, StoreEpoch epoch, OrderSummaryLifecycle lifecycle, TimeProvider clock)
{
    const int DefaultSeconds = 5;
    const int MostSeconds = 30;

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
        while (true)
        {
            var (position, head) = await progress.Next().WaitAsync(cancellation);
            if (token.Position > head) throw Unknown();
            if (position >= token.Position) return;
            if (clock.GetElapsedTime(begin) >= patience)
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

    static ProblemException Unknown() => new("consistency-token-unknown", "The Consistency-Token is none of this store's, as it is now.");
}
