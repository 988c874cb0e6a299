using System.Collections.Frozen;
using OrderMonolith.Orders;

namespace OrderMonolith.Contracts;

/// <summary>From what happened to what the world outside is told of it: the one place where both meet.</summary>
public static class Translation
{
    /// <summary>What each contract is called on the wire.</summary>
    public static FrozenDictionary<Type, string> Names { get; } = new Dictionary<Type, string>
    {
        [typeof(OrderCreatedV1)] = "order.created.v1",
        [typeof(ItemAddedV1)] = "order.item-added.v1",
        [typeof(ItemRemovedV1)] = "order.item-removed.v1",
        [typeof(OrderConfirmedV1)] = "order.confirmed.v1",
        [typeof(OrderCancelledV1)] = "order.cancelled.v1",
    }.ToFrozenDictionary();

    /// <summary>Which contract tells of which event.</summary>
    public static FrozenDictionary<Type, string> NamesByEvent { get; } = new Dictionary<Type, string>
    {
        [typeof(OrderCreated)] = Names[typeof(OrderCreatedV1)],
        [typeof(ItemAdded)] = Names[typeof(ItemAddedV1)],
        [typeof(ItemRemoved)] = Names[typeof(ItemRemovedV1)],
        [typeof(OrderConfirmed)] = Names[typeof(OrderConfirmedV1)],
        [typeof(OrderCancelled)] = Names[typeof(OrderCancelledV1)],
    }.ToFrozenDictionary();

    /// <summary>Tells of an event.</summary>
    /// <param name="before">The order as it was.</param>
    /// <param name="fact">What happened.</param>
    /// <param name="after">The order as that left it.</param>
    public static OrderContract Tell(Order before, OrderEvent fact, Order after) => fact switch
    {
        OrderCreated => new OrderCreatedV1(after.Id, after.CustomerId, after.Currency),
        ItemAdded e => new ItemAddedV1(after.Id, after.CustomerId, after.Currency, e.ProductId, e.Quantity, e.UnitPrice, e.Description, after.ItemCount, after.TotalAmount),
        ItemRemoved e => new ItemRemovedV1(after.Id, after.CustomerId, after.Currency, e.ProductId, e.Quantity, e.UnitPrice, after.ItemCount, after.TotalAmount),
        OrderConfirmed => new OrderConfirmedV1(after.Id, after.CustomerId, after.Currency,
            [.. after.Lines.Select(line => new OrderedItemV1(line.ProductId, line.Quantity, line.UnitPrice, line.Description))], after.ItemCount, after.TotalAmount),
        OrderCancelled e => new OrderCancelledV1(after.Id, after.CustomerId, after.Currency, e.Reason, before.Status is OrderStatus.Confirmed, after.TotalAmount),
        _ => throw new ArgumentException($"No contract tells of {fact.GetType()}.", nameof(fact)),
    };
}
