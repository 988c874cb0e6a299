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
    /// <summary>Has a view go on without the event that it stopped before. Asked again it changes nothing.</summary>
    /// <exception cref="SetupException">It is another event, the view can take it, or nobody can read it.</exception>
    public static async Task<SkippedEvent> Record(IDocumentStore store, StoredView view, long sequence, string reason, string by, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (await session.LoadAsync<SkippedEvent>(IdOf(view, sequence), cancellation) is { } known) return known;
        await Tell(store, cancellation);
        if (view.Shard is null) throw new SetupException($"The view '{view.Name}' changes with every append: only one that follows from behind stops before an event.");

        // It must not move meanwhile.
        await session.BeginTransactionAsync(cancellation);
        await session.Do("select from events.mt_event_progression where name = $1 for update", view.Shard);
        var fault = await ViewFold.FirstFault(session, view, cancellation);
        if (fault?.Sequence != sequence)
            throw new SetupException($"The view '{view.Name}' {(fault is null ? "has not stopped before any event" : $"has stopped before the event {fault.Sequence}")}: only that can be left out, not {sequence}.");
        if (!fault.CanBeRead) throw new SetupException($"The event {sequence} cannot be read by this version, so no view gets past it: {fault.Why} Run the version that wrote it.");

        var type = await session.Value<string>("select type from events.mt_events where seq_id = $1", sequence);
        var skipped = new SkippedEvent(IdOf(view, sequence), view.Name, sequence, fault.OrderId, type, reason, by, now);
        session.Insert(skipped);
        await session.SaveChangesAsync(cancellation);
        return skipped;
    }

    static string IdOf(StoredView view, long sequence) => $"{view.Name}/{sequence}";

    /// <summary>Tells the views of a store which events to leave out.</summary>
    public static async Task Tell(IDocumentStore store, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        await Tell(store, session, cancellation);
    }

    /// <summary>Tells them of those that a session sees.</summary>
    public static async Task Tell(IDocumentStore store, IQuerySession session, CancellationToken cancellation)
    {
        var all = (await session.Query<SkippedEvent>().ToListAsync(cancellation)).ToLookup(skipped => skipped.View, skipped => skipped.Sequence);
        foreach (var projection in ((StoreOptions)store.Options).Projections.All)
        {
            if (projection is ISkipsEvents view && !view.Skipped.SetEquals(all[projection.Name])) view.Skipped = all[projection.Name].ToFrozenSet();
        }
    }
}
