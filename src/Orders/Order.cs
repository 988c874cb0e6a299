namespace OrderMonolith.Orders;

/// <summary>Where an order is in its life: Pending, then Confirmed, then Cancelled; or Pending, then Cancelled.</summary>
public enum OrderStatus
{
    /// <summary>Its lines may still change.</summary>
    Pending,

    /// <summary>Committed to; it can only be cancelled now.</summary>
    Confirmed,

    /// <summary>Called off, for good.</summary>
    Cancelled,
}

/// <summary>An order as its events tell it: what commands decide on and what callers are shown, stored as this JSON.</summary>
public sealed record Order
{
    /// <summary>The order's id, which is its stream's.</summary>
    public Guid Id { get; init; }

    /// <summary>Whose order it is.</summary>
    public string CustomerId { get; init; } = "";

    /// <summary>ISO 4217 code of every price in the order.</summary>
    public string Currency { get; init; } = "";

    /// <summary>Where the order is in its life.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>What was ordered.</summary>
    public OrderLines Lines { get; init; } = OrderLines.None;

    /// <summary>How many distinct products the order holds.</summary>
    public int ItemCount => Lines.Products;

    /// <summary>Sum of quantity × unit price over the lines, exact.</summary>
    public decimal TotalAmount => Lines.Total;

    /// <summary>How many events led here; 0 before the first.</summary>
    public long Version { get; init; }

    /// <summary>Time of the first event.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Time of the latest event.</summary>
    public DateTimeOffset LastUpdated { get; init; }

    /// <summary>Why it was cancelled, where a reason was given.</summary>
    public string? CancelReason { get; init; }

    /// <summary>The order after one more event.</summary>
    /// <param name="fact">What happened. It already did, so this never throws.</param>
    /// <param name="at">When, as stored with the event.</param>
    public Order After(OrderEvent fact, DateTimeOffset at) => With(fact) with
    {
        Version = Version + 1,
        CreatedAt = Version == 0 ? at : CreatedAt,
        LastUpdated = at,
    };

    Order With(OrderEvent fact) => fact switch
    {
        OrderCreated e => this with { CustomerId = e.CustomerId, Currency = e.Currency },
        ItemAdded e => this with { Lines = Lines.Add(e.ProductId, e.Quantity, e.UnitPrice, e.Description) },
        ItemRemoved e => this with { Lines = Lines.Remove(e.ProductId, e.Quantity, e.UnitPrice) },
        OrderConfirmed => this with { Status = OrderStatus.Confirmed },
        OrderCancelled e => this with { Status = OrderStatus.Cancelled, CancelReason = e.Reason },
        _ => this,
    };
}
