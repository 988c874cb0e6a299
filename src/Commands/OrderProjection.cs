using JasperFx.Events;
using Marten.Events.Aggregation;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>Keeps each order as of its last event, in the transaction that appends it: what the next command decides on and what readers get.</summary>
public sealed partial class OrderProjection : SingleStreamProjection<Order, Guid>
{
    /// <summary>Pins name and version.</summary>
    public OrderProjection() => (Name, Version, IncludeArchivedEvents) = ("orders", 1, true);

    /// <inheritdoc />
    public override Order? Evolve(Order? snapshot, Guid id, IEvent e) =>
        e.Data is OrderEvent fact ? (snapshot ?? new Order { Id = id }).After(fact, e.Timestamp) : snapshot;
}
