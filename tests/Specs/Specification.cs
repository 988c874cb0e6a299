using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Rules as sentences: given facts, when a command is decided, then facts, nothing or a refusal.</summary>
public static class Specification
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OrderEvent Created = new OrderCreated("ada");

    public static readonly OrderEvent Confirmed = new OrderConfirmed();

    public static readonly OrderEvent Cancelled = new OrderCancelled("changed my mind");

    public static Order Nothing => new();

    public static Order Given(params IEnumerable<OrderEvent> facts) => facts.Aggregate(Nothing, (order, fact) => order.After(fact, Noon));

    public static OrderEvent Added(string productId, int quantity, decimal unitPrice, string? description = null) =>
        new ItemAdded(productId, quantity, unitPrice, description);

    public static OrderEvent Removed(string productId, int quantity, decimal unitPrice) => new ItemRemoved(productId, quantity, unitPrice);

    /// <summary>As many lines as asked for, each a unit of a product of its own for 1.</summary>
    public static IEnumerable<OrderEvent> Lines(int count) => Enumerable.Range(1, count).Select(i => Added($"p{i}", 1, 1));

    public static Decision When(this Order order, IOrderCommand command) => command.Decide(order);

    public static void Then(this Decision decision, params OrderEvent[] facts)
    {
        Assert.Null(decision.Rejection);
        Assert.Equal(facts, decision.Events);
    }

    public static void ThenNothing(this Decision decision) => decision.Then();

    public static void ThenRefused(this Decision decision, string code)
    {
        Assert.Equal(code, decision.Rejection?.Code);
        Assert.Empty(decision.Events);
    }
}
