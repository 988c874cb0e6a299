using OrderMonolith.Orders;

namespace OrderMonolith.History;

/// <summary>An order that another rule would have changed.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">Whose it is.</param>
/// <param name="Currency">Of its amounts.</param>
/// <param name="Was">As it was.</param>
/// <param name="WouldBe">As it would be.</param>
/// <param name="Refusals">What would not have happened.</param>
public sealed record ChangedOrder(Guid OrderId, string CustomerId, string Currency, OrderOutline Was, OrderOutline WouldBe, IReadOnlyList<WhatIfRefusal> Refusals);

/// <summary>What counts of an order.</summary>
/// <param name="Status">Where it is in its life.</param>
/// <param name="ItemCount">How many distinct products it holds.</param>
/// <param name="TotalAmount">Sum of its lines.</param>
public sealed record OrderOutline(OrderStatus Status, int ItemCount, decimal TotalAmount)
{
    /// <summary>Of an order.</summary>
    public static OrderOutline Of(Order order) => new(order.Status, order.ItemCount, order.TotalAmount);
}

/// <summary>The confirmed orders of a currency.</summary>
/// <param name="OrdersWere">How many there were.</param>
/// <param name="OrdersWouldBe">How many there would be.</param>
/// <param name="TotalWas">What they came to.</param>
/// <param name="TotalWouldBe">What they would come to.</param>
public sealed record ConfirmedOrders(long OrdersWere, long OrdersWouldBe, decimal TotalWas, decimal TotalWouldBe);

/// <summary>What a rule would have made of history.</summary>
public sealed record RuleTrialSummary
{
    /// <summary>Orders that were folded anew.</summary>
    public long Orders { get; set; }

    /// <summary>Those of them that would be other than they were.</summary>
    public long Changed { get; set; }

    /// <summary>How many events would not have happened, by the code of the reason.</summary>
    public SortedDictionary<string, long> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>The confirmed orders, by currency.</summary>
    public SortedDictionary<string, ConfirmedOrders> Confirmed { get; } = new(StringComparer.Ordinal);
}

/// <summary>Folds order after order under a rule that is not in force. What happened before the rule would have come into force stands.</summary>
/// <param name="rule">The rule.</param>
/// <param name="since">When it would have come into force.</param>
public sealed class RuleTrial(Rewriting rule, DateTimeOffset since)
{
    /// <summary>What it came to so far.</summary>
    public RuleTrialSummary Summary { get; } = new();

    /// <summary>One more order.</summary>
    /// <returns>How it would have changed; null where it would not.</returns>
    public ChangedOrder? Take(OrderHistory history)
    {
        var (was, wouldBe, refusals) = Replay.Of(history.OrderId, history.Facts, (order, past, version) => past.At < since ? past.Fact : rule(order, past, version));
        Summary.Orders++;
        Count(was, wouldBe);
        if (refusals.Count == 0 && was == wouldBe) return null;

        Summary.Changed++;
        foreach (var (_, why) in refusals) Summary.Refused[why.Code] = Summary.Refused.GetValueOrDefault(why.Code) + 1;
        return new(was.Id, was.CustomerId, was.Currency, OrderOutline.Of(was), OrderOutline.Of(wouldBe), [.. refusals.Select(WhatIfRefusal.Of)]);
    }

    void Count(Order was, Order wouldBe)
    {
        var (before, after) = (was.Status is OrderStatus.Confirmed, wouldBe.Status is OrderStatus.Confirmed);
        if (!before && !after) return;
        var sums = Summary.Confirmed.GetValueOrDefault(was.Currency, new(0, 0, 0, 0));
        if (before) sums = sums with { OrdersWere = sums.OrdersWere + 1, TotalWas = sums.TotalWas + was.TotalAmount };
        if (after) sums = sums with { OrdersWouldBe = sums.OrdersWouldBe + 1, TotalWouldBe = sums.TotalWouldBe + wouldBe.TotalAmount };
        Summary.Confirmed[was.Currency] = sums;
    }
}
