using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Npgsql;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

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

    /// <summary>Where the event stands that made a version of an order.</summary>
    public static Task<EventPlace> PlaceOf(IQuerySession session, Guid orderId, long version) => Place(session, "stream_id = $1 and version = $2", orderId, version);

    /// <summary>Where an event stands.</summary>
    public static Task<EventPlace> PlaceAt(IQuerySession session, long sequence) => Place(session, "seq_id = $1", sequence);

    /// <summary>Where the last event of all stands that are committed.</summary>
    public static Task<EventPlace> LastPlace(IQuerySession session) => Place(session, "seq_id = (select max(seq_id) from events.mt_events)");

    static async Task<EventPlace> Place(IQuerySession session, string which, params object[] values)
    {
        await using var question = new NpgsqlCommand($"select seq_id, id from events.mt_events where {which}");
        foreach (var value in values) question.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var answer = await session.ExecuteReaderAsync(question);
        return await answer.ReadAsync() ? new(answer.GetInt64(0), answer.GetGuid(1)) : default;
    }

    static Order After(Order? order, IEvent e, Guid orderId) =>
        e.Data is OrderEvent fact ? (order ?? new Order { Id = orderId }).After(fact, e.Timestamp) : order ?? new Order { Id = orderId };
}
