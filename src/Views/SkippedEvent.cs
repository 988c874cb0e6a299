using System.Collections.Frozen;
using Marten;

namespace OrderMonolith.Views;

/// <summary>That somebody had a view go on without an event. It is never done silently, and never forgotten.</summary>
/// <param name="Id">View and sequence.</param>
/// <param name="View">The view that leaves the event out; all others have it.</param>
/// <param name="Sequence">The event's place in the store's history.</param>
/// <param name="OrderId">The order whose row lacks it.</param>
/// <param name="Type">What the event is.</param>
/// <param name="Reason">Why, in somebody's words.</param>
/// <param name="SkippedBy">Who said so.</param>
/// <param name="SkippedAt">When.</param>
public sealed record SkippedEvent(string Id, string View, long Sequence, Guid OrderId, string Type, string Reason, string SkippedBy, DateTimeOffset SkippedAt)
{
    /// <summary>Has a view go on without an event.</summary>
    /// <exception cref="SetupException">There is no such event, or the view has it already.</exception>
    public static async Task<SkippedEvent> Record(IDocumentStore store, StoredView view, long sequence, string reason, string by, DateTimeOffset now)
    {
        await using var session = store.LightweightSession();
        var events = await session.Find("select stream_id, type from events.mt_events where seq_id = $1 and type <> 'tombstone'", row => (Order: row.GetGuid(0), Type: row.GetString(1)), sequence);
        if (events.Count == 0) throw new SetupException($"There is no event with the sequence {sequence}.");
        if (view.Shard is null || sequence <= await view.Position(session)) throw new SetupException($"The view '{view.Name}' has the event {sequence}: only what a view that follows from behind has not seen yet can be left out.");
        var skipped = new SkippedEvent($"{view.Name}/{sequence}", view.Name, sequence, events[0].Order, events[0].Type, reason, by, now);
        session.Insert(skipped);
        await session.SaveChangesAsync();
        return skipped;
    }

    /// <summary>Tells the views of a store which events to leave out.</summary>
    /// <returns>Whether that is news to them.</returns>
    public static async Task<bool> Tell(IDocumentStore store, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var all = (await session.Query<SkippedEvent>().ToListAsync(cancellation)).ToLookup(skipped => skipped.View, skipped => skipped.Sequence);
        var news = false;
        foreach (var projection in ((StoreOptions)store.Options).Projections.All)
        {
            if (projection is not ISkipsEvents view || view.Skipped.SetEquals(all[projection.Name])) continue;
            view.Skipped = all[projection.Name].ToFrozenSet();
            news = true;
        }

        return news;
    }
}
