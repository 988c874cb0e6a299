namespace OrderMonolith.Orders;

/// <summary>Calls a pending or confirmed order off. Asked again it changes nothing.</summary>
/// <param name="Reason">Why, in the caller's words.</param>
public sealed record CancelOrder([property: Reason] string? Reason = null) : IOrderCommand
{
    /// <inheritdoc />
    public Decision Decide(Order order) =>
        order.Status is OrderStatus.Cancelled ? Decision.Nothing : new OrderCancelled(Reason);
}
