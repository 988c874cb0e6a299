namespace OrderMonolith.Orders;

/// <summary>Takes units of a product out of a pending order, from the most recently added price first.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Quantity">Units to remove; all of them when absent.</param>
public sealed record RemoveItem([property: ProductId] string ProductId, [property: Quantity] int? Quantity = null) : IOrderCommand
{
    /// <inheritdoc />
    public Decision Decide(Order order)
    {
        if (order.Status is not OrderStatus.Pending) return Rejections.OrderNotPending(order);

        var lines = order.Lines.Of(ProductId).ToList();
        if (lines.Count == 0) return Rejections.ItemNotInOrder(ProductId);

        var held = lines.Sum(line => (long)line.Quantity);
        var left = Quantity ?? held;
        if (left > held) return Rejections.NotEnoughItems(ProductId, held);

        List<OrderEvent> facts = [];
        foreach (var line in lines.TakeWhile(_ => left > 0))
        {
            var taken = (int)Math.Min(left, line.Quantity);
            facts.Add(new ItemRemoved(ProductId, taken, line.UnitPrice));
            left -= taken;
        }

        return new(facts);
    }
}
