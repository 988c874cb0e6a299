namespace OrderMonolith.Orders;

/// <summary>Puts units of a product into a pending order: on its line at that price, or on a new last line.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Quantity">Units to add.</param>
/// <param name="UnitPrice">Price of one unit, in the order's currency, at most 4 decimals.</param>
/// <param name="Description">What the product is called; replaces the line's earlier description.</param>
public sealed record AddItem(
    [property: ProductId] string ProductId,
    [property: Quantity] int Quantity,
    [property: UnitPrice] decimal UnitPrice,
    [property: Description] string? Description = null) : IOrderCommand
{
    /// <inheritdoc />
    public Decision Decide(Order order) => order.Lines.Find(ProductId, UnitPrice) switch
    {
        _ when order.Status is not OrderStatus.Pending => Rejections.OrderNotPending(order),
        null when order.Lines.Count >= Bounds.MostLines => Rejections.TooManyLines,
        { } line when line.Quantity > Bounds.MostUnits - Quantity => Rejections.TooManyUnits(ProductId),
        _ => new ItemAdded(ProductId, Quantity, UnitPrice, Description),
    };
}
