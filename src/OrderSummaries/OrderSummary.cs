using System.Collections.Immutable;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.OrderSummaries;

/// <summary>An order in one line, for lists.</summary>
public sealed record OrderSummary : IOrderRow
{
    /// <summary>The order.</summary>
    public Guid OrderId { get; init; }

    /// <summary>Whose order it is.</summary>
    public string CustomerId { get; init; } = "";

    /// <summary>Where the order is in its life.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>How many distinct products the order holds.</summary>
    public int ItemCount => Products.Count;

    /// <summary>Sum of quantity × unit price, exact.</summary>
    public decimal TotalAmount { get; init; }

    /// <summary>ISO 4217 code of the amount.</summary>
    public string Currency { get; init; } = "";

    /// <summary>How many events of the order are in here.</summary>
    public long Version { get; init; }

    /// <summary>Time of the order's first event.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Time of the latest event in here.</summary>
    public DateTimeOffset LastUpdated { get; init; }

    /// <summary>Units by product: kept to know when a product is gone and to find orders by product, not shown.</summary>
    public ImmutableSortedDictionary<string, long> Products { get; init; } = NoProducts;

    /// <summary>No products, in an order that is the same everywhere.</summary>
    public static ImmutableSortedDictionary<string, long> NoProducts { get; } = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
}

/// <summary>Keeps the summaries, in the append's transaction or behind it, as <c>OrderSummaries:Lifecycle</c> says.</summary>
public sealed partial class OrderSummaryProjection() : OrderView<OrderSummary>(OrderSummaryLifecycle.Projection, 1)
{
    /// <inheritdoc />
    protected override OrderSummary First(Guid id, DateTimeOffset at) => new() { OrderId = id, CreatedAt = at };

    /// <inheritdoc />
    protected override OrderSummary At(OrderSummary row, long version, DateTimeOffset at) => row with { Version = version, LastUpdated = at };

    /// <inheritdoc />
    protected override OrderSummary After(OrderSummary s, OrderEvent fact, DateTimeOffset at) => fact switch
    {
        OrderCreated e => s with { CustomerId = e.CustomerId, Currency = e.Currency },
        ItemAdded e => Moved(s, e.ProductId, e.Quantity, e.UnitPrice),
        ItemRemoved e => Moved(s, e.ProductId, -e.Quantity, e.UnitPrice),
        OrderConfirmed => s with { Status = OrderStatus.Confirmed },
        OrderCancelled => s with { Status = OrderStatus.Cancelled },
        _ => s,
    };

    static OrderSummary Moved(OrderSummary s, string productId, int units, decimal unitPrice)
    {
        var held = s.Products.GetValueOrDefault(productId) + units;
        return s with
        {
            TotalAmount = (s.TotalAmount + units * unitPrice) / Amounts.Scaleless,
            Products = held > 0 ? s.Products.SetItem(productId, held) : s.Products.Remove(productId),
        };
    }
}
