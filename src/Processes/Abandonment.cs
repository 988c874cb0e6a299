using OrderMonolith.Orders;

namespace OrderMonolith.Processes;

/// <summary>What is to be done about an order that its customer may have walked away from.</summary>
public abstract record Abandonment
{
    /// <summary>Longest that an order is not looked at: by then a changed setting is noticed.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Nothing, now or later.</summary>
    public sealed record Over : Abandonment;

    /// <summary>Nothing yet.</summary>
    /// <param name="LookAgain">When to ask again.</param>
    public sealed record NotYet(DateTimeOffset LookAgain) : Abandonment;

    /// <summary>It was left alone for too long.</summary>
    /// <param name="Command">What to do.</param>
    /// <param name="Version">The order's version that this was decided on; of any other it does not hold.</param>
    public sealed record Due(CancelOrder Command, long Version) : Abandonment;

    /// <summary>Decides. Pure: the same state, setting and time give the same answer.</summary>
    /// <param name="order">The order as it is, if there is one.</param>
    /// <param name="after">For how long a pending order may be left alone; for ever if it is not set.</param>
    /// <param name="now">The time.</param>
    public static Abandonment Of(Order? order, TimeSpan? after, DateTimeOffset now) => (order, after) switch
    {
        (not { Status: OrderStatus.Pending }, _) => new Over(),
        (_, null) => new NotYet(now + Longest),
        ({ LastUpdated: var touched }, { } patience) when touched + patience > now => new NotYet(touched + patience < now + Longest ? touched + patience : now + Longest),
        _ => new Due(new CancelOrder("abandoned"), order.Version),
    };
}
