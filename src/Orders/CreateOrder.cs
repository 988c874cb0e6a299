namespace OrderMonolith.Orders;

/// <summary>Starts an order, empty or with items, pending or at once confirmed: a whole checkout, all or nothing.</summary>
/// <param name="CustomerId">Whose order it is.</param>
/// <param name="Currency">ISO 4217 code of every price in the order.</param>
/// <param name="Items">What to order, in order.</param>
/// <param name="Confirm">Whether to confirm it as well.</param>
public sealed record CreateOrder(
    [property: CustomerId] string CustomerId,
    [property: Currency] string Currency = "USD",
    IReadOnlyList<AddItem>? Items = null,
    bool Confirm = false) : IOrderCommand
{
    /// <inheritdoc />
    public Decision Decide(Order order)
    {
        if (order.Version > 0) return Rejections.OrderAlreadyExists;

        List<OrderEvent> facts = [new OrderCreated(CustomerId, Currency)];
        var becoming = order;
        foreach (var item in Items ?? [])
        {
            var decision = item.Decide(becoming);
            if (decision.Rejection is not null) return decision;
            foreach (var fact in decision.Events) becoming = becoming.After(fact, default);
            facts.AddRange(decision.Events);
        }

        if (!Confirm) return new(facts);
        var confirmation = new ConfirmOrder().Decide(becoming);
        return confirmation.Rejection is null ? new([.. facts, .. confirmation.Events]) : confirmation;
    }
}
