using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>Orders as they were, folded from their events.</summary>
public static class OrderHistory
{
    /// <summary>The order after its first events, so many as <paramref name="version"/> says; fewer where it has no more.</summary>
    public static async Task<Order> AsOf(IQuerySession session, Guid orderId, long version)
    {
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Version <= version)
            .OrderBy(e => e.Version)
            .ToListAsync();
        return events.Aggregate(new Order { Id = orderId }, Next);
    }

    static Order Next(Order order, IEvent e) => e.Data is OrderEvent fact ? order.After(fact, e.Timestamp) : order;
}
