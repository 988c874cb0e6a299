using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using OrderMonolith.History;

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

    /// <summary>Reads the events of some orders once for all folds. An order with one that cannot be read is a fault in each of them that should have seen it.</summary>
    /// <returns>How many there were.</returns>
    public static async Task<long> Read(IQuerySession session, Guid[] ids, IReadOnlyCollection<ViewFold> folds, CancellationToken cancellation)
    {
        try
        {
            // All are read before the first is folded, so that nothing is folded twice.
            var events = await Events(session, ids, long.MaxValue, cancellation);
            foreach (var e in events)
                foreach (var fold in folds) fold.Take(e);
            return events.Count;
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            if (ids is [var id]) return await ReadToTheFault(session, id, folds, e, cancellation);
            var read = 0L;
            foreach (var one in ids) read += await Read(session, [one], folds, cancellation);
            return read;
        }
    }

    /// <summary>The first event behind where a view stands that it cannot take, among the next; null where it can take them all.</summary>
    public static async Task<FoldFault?> FirstFault(IQuerySession session, StoredView view, CancellationToken cancellation)
    {
        var position = await view.Position(session);
        var next = await session.Value<Guid[]>("select coalesce(array_agg(distinct stream_id), '{}') from (select stream_id from events.mt_events where seq_id > $1 and type <> 'tombstone' order by seq_id limit 500) next", position);
        var faults = new List<FoldFault>();
        for (var ids = await StreamPages.Next(session, Guid.Empty, next, cancellation); ids.Count > 0; ids = await StreamPages.Next(session, ids[^1], next, cancellation))
        {
            var fold = OfAll(view);
            await Read(session, [.. ids], [fold], cancellation);
            faults.AddRange(fold.Faults.Values.Where(fault => fault.Sequence > position));
        }

        return faults.MinBy(fault => fault.Sequence);
    }

    static async Task<long> ReadToTheFault(IQuerySession session, Guid id, IReadOnlyCollection<ViewFold> folds, Exception refusal, CancellationToken cancellation)
    {
        var (readable, unreadable) = (0L, await session.Value<long>("select max(version) from events.mt_events where stream_id = $1", id));
        while (unreadable - readable > 1)
        {
            var middle = (readable + unreadable) / 2;
            if (await CanBeRead(session, id, middle, cancellation)) readable = middle;
            else unreadable = middle;
        }

        foreach (var e in await Events(session, [id], readable, cancellation))
            foreach (var fold in folds) fold.Take(e);
        var (sequence, type) = (await session.Find("select seq_id, type from events.mt_events where stream_id = $1 and version = $2", row => (row.GetInt64(0), row.GetString(1)), id, unreadable))[0];
        var why = refusal is Marten.Exceptions.UnknownEventTypeException ? $"This version of the service knows no events called '{type}'." : refusal.Message.ReplaceLineEndings(" ");
        foreach (var fold in folds.Where(fold => fold.HasSeen(id, sequence, unreadable)))
            fold.Faults.TryAdd(id, new(id, sequence, unreadable, why) { CanBeRead = false });
        return readable;
    }

    static async Task<bool> CanBeRead(IQuerySession session, Guid id, long upTo, CancellationToken cancellation)
    {
        try
        {
            await Events(session, [id], upTo, cancellation);
            return true;
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            return false;
        }
    }

    static Task<IReadOnlyList<IEvent>> Events(IQuerySession session, Guid[] ids, long upTo, CancellationToken cancellation) => session.Events.QueryAllRawEvents()
        .Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(ids) && e.Version <= upTo).OrderBy(e => e.StreamId).ThenBy(e => e.Version).ToListAsync(cancellation);

    static bool IsUnreadable(Exception e) => e is Marten.Exceptions.UnknownEventTypeException or Marten.Exceptions.EventDeserializationFailureException;

    bool HasSeen(Guid order, long sequence, long version) => sequence <= position || version <= versions.GetValueOrDefault(order);

    /// <summary>Folds one event, if the view has seen it.</summary>
    public void Take(IEvent e)
    {
        if (!HasSeen(e.StreamId, e.Sequence, e.Version)) return;
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
    /// <summary>Whether this version of the service can read it at all.</summary>
    public bool CanBeRead { get; init; } = true;

    /// <inheritdoc />
    public override string ToString() => FormattableString.Invariant($"event {Version} (sequence {Sequence}) cannot be {(CanBeRead ? "folded" : "read")}: {Why}");
}
