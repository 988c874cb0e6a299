using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>Orders as they were, folded from their events.</summary>
public static class OrderHistory
{
    /// <summary>Sequence of the last event of all that are committed; 0 before the first.</summary>
    public static async Task<long> Position(IQuerySession session) =>
        (await session.QueryAsync<long>("select coalesce(max(seq_id), 0) from events.mt_events"))[0];

    /// <summary>The order after its first events, as many as <paramref name="version"/> says, and the sequence of the last of them.</summary>
    public static async Task<(Order Order, long Position)> AsOf(IQuerySession session, Guid orderId, long version)
    {
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Version <= version)
            .OrderBy(e => e.Version)
            .ToListAsync();
        return (events.Aggregate(new Order { Id = orderId }, Next), events[^1].Sequence);
    }

    static Order Next(Order order, IEvent e) => e.Data is OrderEvent fact ? order.After(fact, e.Timestamp) : order;
}
