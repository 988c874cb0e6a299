namespace OrderMonolith.Orders;

/// <summary>Commits to a pending order that holds at least one line. Asked again it changes nothing.</summary>
public sealed record ConfirmOrder : IOrderCommand
{
    /// <inheritdoc />
    public Decision Decide(Order order) => order switch
    {
        { Status: OrderStatus.Confirmed } => Decision.Nothing,
        { Status: OrderStatus.Cancelled } => Rejections.OrderNotPending(order),
        { Lines.Count: 0 } => Rejections.OrderIsEmpty,
        _ => new OrderConfirmed(),
    };
}
