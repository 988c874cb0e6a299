namespace OrderMonolith.Orders;

/// <summary>A fact about an order. Stored for ever: add optional members, never rename, remove or repurpose one.</summary>
/// <remarks>The order's id, the time, the actor and the cause are stored beside every event and not repeated in it.</remarks>
public abstract record OrderEvent;

/// <summary>The order began. Orders of the first generation carry no currency: they were in US dollars.</summary>
/// <param name="CustomerId">Whose order it is.</param>
/// <param name="Currency">ISO 4217 code of every price in the order.</param>
public sealed record OrderCreated(string CustomerId, string Currency = "USD") : OrderEvent;

/// <summary>Units of a product were added at a price.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Quantity">Units added, 1 or more.</param>
/// <param name="UnitPrice">Price of one unit, in the order's currency.</param>
/// <param name="Description">What the product is called, where the caller said so.</param>
public sealed record ItemAdded(string ProductId, int Quantity, decimal UnitPrice, string? Description = null) : OrderEvent;

/// <summary>Units of a product were removed from its line at one price.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Quantity">Units removed, 1 or more.</param>
/// <param name="UnitPrice">The price whose line lost them, so that any reader can keep a total without keeping lines.</param>
public sealed record ItemRemoved(string ProductId, int Quantity, decimal UnitPrice) : OrderEvent;

/// <summary>The customer committed to the order as it was.</summary>
public sealed record OrderConfirmed : OrderEvent;

/// <summary>The order was called off.</summary>
/// <param name="Reason">Why, in somebody's words.</param>
public sealed record OrderCancelled(string? Reason = null) : OrderEvent;
