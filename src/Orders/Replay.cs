namespace OrderMonolith.Orders;

/// <summary>Facts folded onto another past than the one they happened in.</summary>
public static class Replay
{
    /// <summary>Why a fact does not fit an order as it might have been; null where it does.</summary>
    public static Rejection? Misfit(Order order, OrderEvent fact) => fact switch
    {
        OrderCreated => order.Version > 0 ? Rejections.OrderAlreadyExists : null,
        ItemAdded e => new AddItem(e.ProductId, e.Quantity, e.UnitPrice, e.Description).Decide(order).Rejection,
        ItemRemoved when order.Status is not OrderStatus.Pending => Rejections.OrderNotPending(order),
        ItemRemoved e => order.Lines.Find(e.ProductId, e.UnitPrice) switch
        {
            null => Rejections.ItemNotInOrder(e.ProductId),
            { } line when line.Quantity < e.Quantity => Rejections.NotEnoughItems(e.ProductId, line.Quantity),
            _ => null,
        },
        OrderConfirmed => new ConfirmOrder().Decide(order).Rejection,
        OrderCancelled e => new CancelOrder(e.Reason).Decide(order).Rejection,
        _ => null,
    };
}
