using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>What an order means to the shop's figures: when it was created, sold and called off, and what was in it.</summary>
public sealed record Sale : IOrderRow
{
    /// <summary>The order.</summary>
    public Guid OrderId { get; init; }

    /// <summary>Who ordered.</summary>
    public string CustomerId { get; init; } = "";

    /// <summary>ISO 4217 code of every amount in here.</summary>
    public string Currency { get; init; } = "";

    /// <summary>Where the order is in its life.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>Time of the order's first event.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was confirmed, if it was, also where it was cancelled later.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>When it was cancelled, if it was.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>Why it was cancelled, where somebody said so.</summary>
    public string? Reason { get; init; }

    /// <summary>Sum of quantity × unit price, exact.</summary>
    public decimal Total { get; init; }

    /// <summary>The distinct products that it holds, in ordinal order. To be left as it is, like the two beside it: columns of the same length, which PostgreSQL unnests together.</summary>
    public string[] Products { get; init; } = [];

    /// <summary>Units of each product.</summary>
    public long[] Units { get; init; } = [];

    /// <summary>Quantity × unit price of each product, exact.</summary>
    public decimal[] Revenue { get; init; } = [];

    /// <summary>Time of the latest event in here.</summary>
    public DateTimeOffset LastUpdated { get; init; }

    /// <summary>How many events of the order are in here.</summary>
    public long Version { get; init; }
}

/// <summary>Keeps the sales, behind the events: no command waits for a figure.</summary>
public sealed partial class SaleProjection() : OrderView<Sale>("sales", 1)
{
    /// <inheritdoc />
    protected override Sale First(Guid id, DateTimeOffset at) => new() { OrderId = id, CreatedAt = at };

    /// <inheritdoc />
    protected override Sale At(Sale row, long version, DateTimeOffset at) => row with { Version = version, LastUpdated = at };

    /// <inheritdoc />
    protected override Sale After(Sale s, OrderEvent fact, DateTimeOffset at) => fact switch
    {
        OrderCreated e => s with { CustomerId = e.CustomerId, Currency = e.Currency },
        ItemAdded e => Moved(s, e.ProductId, e.Quantity, e.UnitPrice),
        ItemRemoved e => Moved(s, e.ProductId, -e.Quantity, e.UnitPrice),
        OrderConfirmed => s with { Status = OrderStatus.Confirmed, ConfirmedAt = at },
        OrderCancelled e => s with { Status = OrderStatus.Cancelled, CancelledAt = at, Reason = e.Reason },
        _ => s,
    };

    static Sale Moved(Sale s, string productId, int units, decimal unitPrice)
    {
        var amount = units * unitPrice;
        var place = Array.BinarySearch(s.Products, productId, StringComparer.Ordinal);
        var moved = s with { Total = (s.Total + amount) / Amounts.Scaleless };
        if (place < 0)
            return units < 0 ? moved : moved with { Products = With(s.Products, ~place, productId), Units = With(s.Units, ~place, units), Revenue = With(s.Revenue, ~place, amount / Amounts.Scaleless) };
        if (s.Units[place] + units <= 0)
            return moved with { Products = Without(s.Products, place), Units = Without(s.Units, place), Revenue = Without(s.Revenue, place) };

        long[] held = [.. s.Units];
        decimal[] revenue = [.. s.Revenue];
        held[place] += units;
        revenue[place] = (revenue[place] + amount) / Amounts.Scaleless;
        return moved with { Units = held, Revenue = revenue };
    }

    static T[] With<T>(T[] column, int place, T value) => [.. column.AsSpan(0, place), value, .. column.AsSpan(place)];

    static T[] Without<T>(T[] column, int place) => [.. column.AsSpan(0, place), .. column.AsSpan(place + 1)];
}
