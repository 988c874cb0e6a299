namespace OrderMonolith.Orders;

/// <summary>A fact that happened elsewhere or earlier, and when.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="At">When it happened.</param>
public sealed record PastFact(OrderEvent Fact, DateTimeOffset At);

/// <summary>A fact that would not have happened.</summary>
/// <param name="Version">Its place in the order's history, from 1.</param>
/// <param name="Why">Why not.</param>
public sealed record RefusedFact(int Version, Rejection Why);

/// <summary>What should have become of a fact: other facts or none in its place, or a refusal. Pure.</summary>
/// <param name="order">The order as it would have been.</param>
/// <param name="past">What happened.</param>
/// <param name="version">Its place in the order's history, from 1.</param>
public delegate Decision Rewriting(Order order, PastFact past, int version);

/// <summary>A history folded anew: an order as it was, and as it would be.</summary>
/// <param name="Was">The order as it was.</param>
/// <param name="WouldBe">The order as it would be.</param>
/// <param name="Refusals">What would not have happened.</param>
public sealed record Replay(Order Was, Order WouldBe, IReadOnlyList<RefusedFact> Refusals)
{
    /// <summary>Folds a history anew.</summary>
    /// <remarks>
    /// Facts are folded, not decided again. One that no longer fits, because what it needs is not there, is left out and told; what did not fit in
    /// the first place happened all the same.
    /// </remarks>
    /// <param name="orderId">The order.</param>
    /// <param name="history">All that happened, from the first event on.</param>
    /// <param name="rewrite">What should have happened instead.</param>
    public static Replay Of(Guid orderId, IEnumerable<PastFact> history, Rewriting rewrite)
    {
        var was = new Order { Id = orderId };
        var (wouldBe, version, refusals) = (was, 0, new List<RefusedFact>());
        foreach (var past in history)
        {
            version++;
            var decision = rewrite(wouldBe, past, version);
            if (decision.Rejection is { } no) refusals.Add(new(version, no));
            foreach (var fact in decision.Events)
            {
                if (Misfit(wouldBe, fact) is { } misfit && Misfit(was, past.Fact) is null) refusals.Add(new(version, misfit));
                else wouldBe = wouldBe.After(fact, past.At);
            }

            was = was.After(past.Fact, past.At);
        }

        return new(was, wouldBe, refusals);
    }

    /// <summary>Why a fact does not fit an order; null where it does.</summary>
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
