using Microsoft.Extensions.Caching.Memory;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using OrderMonolith.Http;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Feed;

/// <summary>All that happened to all orders, in the order of the store's history.</summary>
public sealed class EventFeed(PublicEvents events, Published published, ConsistentReads places, StoreEpoch epoch) : IDisposable
{
    /// <summary>Most events that a listener gets at once.</summary>
    const int MostAtOnce = 200;

    /// <summary>Pages that listeners read lately: those who stand at the same place share one.</summary>
    readonly MemoryCache pages = new(new MemoryCacheOptions { SizeLimit = 8 });

    /// <summary>The place that a caller names.</summary>
    /// <exception cref="ProblemException"><c>consistency-token-unknown</c>: it is none of this store's history.</exception>
    public async Task<long> Begin(string place, string name, CancellationToken cancellation) =>
        (await places.Known(place, cancellation, $"{name} is no position of this store's history, as it is now.")).Position;

    /// <summary>The place behind all that has been published.</summary>
    public async Task<long> End(CancellationToken cancellation) => await published.Ask(cancellation);

    /// <summary>Which history it is.</summary>
    public ValueTask<Guid> Epoch(CancellationToken cancellation) => epoch.Current(cancellation);

    /// <summary>The next events behind a place.</summary>
    public async Task<IReadOnlyList<PublicEvent>> Page(long after, int limit, CancellationToken cancellation)
    {
        var upTo = await published.Ask(cancellation);
        while (true)
        {
            var (found, seenTo) = await events.Between(after, upTo, Math.Max(limit, 1), cancellation);
            if (found.Count > 0 || seenTo >= upTo) return found;
            after = seenTo;
        }
    }

    /// <summary>Waits for events behind a place. However many listeners wait at one place, the database is asked once for all.</summary>
    /// <returns>Events, and the place to go on from.</returns>
    /// <exception cref="TimeoutException">There were none in the given time.</exception>
    public async Task<(IReadOnlyList<PublicEvent> Events, long SeenTo)> Next(long after, TimeSpan patience, CancellationToken cancellation)
    {
        await published.Beyond(after, patience, cancellation);
        var place = (after, published.Position);
        var page = pages.GetOrCreate(place, entry =>
        {
            (entry.Size, entry.AbsoluteExpirationRelativeToNow) = (1, TimeSpan.FromSeconds(5));
            return new Lazy<Task<(IReadOnlyList<PublicEvent>, long)>>(() => events.Between(after, place.Position, MostAtOnce, CancellationToken.None));
        })!;
        try
        {
            return await page.Value.WaitAsync(cancellation);
        }
        catch when (page.Value.IsFaulted)
        {
            pages.Remove(place);
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose() => pages.Dispose();
}
