using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using OrderMonolith.Orders;

namespace OrderMonolith.History;

/// <summary>What happened to one order, in order: all of it or the beginning.</summary>
/// <param name="orderId">The order.</param>
/// <param name="events">Its events, from the first on.</param>
public sealed class OrderHistory(Guid orderId, IReadOnlyList<IEvent> events)
{
    /// <summary>The order.</summary>
    public Guid OrderId => orderId;

    /// <summary>The events.</summary>
    public IReadOnlyList<IEvent> Events => events;

    /// <summary>What the events tell, and when it happened.</summary>
    public IEnumerable<PastFact> Facts => events.Where(e => e.Data is OrderEvent).Select(e => new PastFact((OrderEvent)e.Data, e.Timestamp));

    /// <summary>The version after the last of them; 0 where there are none.</summary>
    public long Version => events.Count;

    /// <summary>The order as the first events left it; null before the first.</summary>
    /// <param name="version">How many events count.</param>
    public Order? AsOf(long version) => events.Take((int)version).Aggregate((Order?)null, (order, e) => After(order, e, orderId));

    /// <summary>The order before its first event, which is none, and after each event.</summary>
    public IEnumerable<Order?> States()
    {
        Order? order = null;
        yield return order;
        foreach (var e in events) yield return order = After(order, e, orderId);
    }

    /// <summary>Reads an order's events, archived ones too.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="orderId">The order.</param>
    /// <param name="upTo">The version to stop at; all where it is left out.</param>
    public static async Task<OrderHistory> Load(IQuerySession session, Guid orderId, long upTo = long.MaxValue) => new(orderId, await session.Events.QueryAllRawEvents()
        .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Version <= upTo)
        .OrderBy(e => e.Version)
        .ToListAsync());

    /// <summary>The version that an order had at a time: that of its last event until then. 0 before the first.</summary>
    public static async Task<long> VersionAt(IQuerySession session, Guid orderId, DateTimeOffset at) => await session.Events.QueryAllRawEvents()
        .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Timestamp <= at)
        .OrderByDescending(e => e.Version)
        .Select(e => e.Version)
        .FirstOrDefaultAsync();

    /// <summary>Sequence of the event that made a version of an order.</summary>
    public static Task<long> PositionOf(IQuerySession session, Guid orderId, long version) => session.Events.QueryAllRawEvents()
        .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Version == version)
        .Select(e => e.Sequence)
        .SingleAsync();

    /// <summary>Sequence of the last event of all that are committed; 0 before the first.</summary>
    public static async Task<long> Position(IQuerySession session) =>
        (await session.QueryAsync<long>("select coalesce(max(seq_id), 0) from events.mt_events"))[0];

    static Order After(Order? order, IEvent e, Guid orderId) =>
        e.Data is OrderEvent fact ? (order ?? new Order { Id = orderId }).After(fact, e.Timestamp) : order ?? new Order { Id = orderId };
}
