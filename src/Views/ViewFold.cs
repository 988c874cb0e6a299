using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;

namespace OrderMonolith.Views;

/// <summary>What a view should hold of some orders: all that it has seen of them, and what it holds already.</summary>
/// <param name="view">The view.</param>
/// <param name="position">Sequence of the last event that it has seen.</param>
/// <param name="versions">How many events of an order it holds; a view that was kept otherwise before may hold later ones.</param>
public sealed class ViewFold(StoredView view, long position, IReadOnlyDictionary<Guid, long> versions)
{
    /// <summary>The view.</summary>
    public StoredView View => view;

    /// <summary>The documents, by order.</summary>
    public Dictionary<Guid, object?> Documents { get; } = [];

    /// <summary>Why the events of an order make no document.</summary>
    public Dictionary<Guid, FoldFault> Faults { get; } = [];

    /// <summary>How many events of each order are in its document.</summary>
    public Dictionary<Guid, long> Versions { get; } = [];

    /// <summary>A fold of all there is, whatever a view has seen.</summary>
    public static ViewFold OfAll(StoredView view) => new(view, long.MaxValue, new Dictionary<Guid, long>());

    /// <summary>A fold of what a view has seen, as a session sees it.</summary>
    public static async Task<ViewFold> OfSeen(IQuerySession session, StoredView view, Guid[] ids)
    {
        if (view.Shard is null) return OfAll(view);
        var versions = await session.Find($"""
            select id, version::bigint from {view.Table}, jsonb_path_query(data, '$.version ? (@.type() == "number")') version where id = any($1)
            """, row => (Id: row.GetGuid(0), Version: row.GetInt64(1)), ids);
        return new(view, await view.Position(session), versions.ToDictionary(v => v.Id, v => v.Version));
    }

    /// <summary>Reads the events of some orders once for all folds.</summary>
    /// <returns>How many there were.</returns>
    public static async Task<long> Read(IQuerySession session, Guid[] ids, IReadOnlyCollection<ViewFold> folds, CancellationToken cancellation)
    {
        var events = 0L;
        var facts = session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(ids)).OrderBy(e => e.StreamId).ThenBy(e => e.Version);
        await foreach (var e in facts.ToAsyncEnumerable(cancellation))
        {
            events++;
            foreach (var fold in folds) fold.Take(e);
        }

        return events;
    }

    /// <summary>Folds one event, if the view has seen it.</summary>
    public void Take(IEvent e)
    {
        if (e.Sequence > position && e.Version > versions.GetValueOrDefault(e.StreamId)) return;
        try
        {
            Documents[e.StreamId] = view.After(Documents.GetValueOrDefault(e.StreamId), e);
            Versions[e.StreamId] = e.Version;
        }
        catch (Exception refusal)
        {
            Faults.TryAdd(e.StreamId, new(e.StreamId, e.Sequence, e.Version, refusal.Message));
        }
    }
}

/// <summary>An event that a view cannot take.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Sequence">The event's place in the store's history.</param>
/// <param name="Version">Its place in the order's history.</param>
/// <param name="Why">What the fold says.</param>
public sealed record FoldFault(Guid OrderId, long Sequence, long Version, string Why)
{
    /// <inheritdoc />
    public override string ToString() => FormattableString.Invariant($"event {Version} (sequence {Sequence}) cannot be folded: {Why}");
}
