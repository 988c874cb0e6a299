using System.ComponentModel;

namespace OrderMonolith.Contracts;

/// <summary>What the world outside is told of a change to an order. For ever: what has to look otherwise becomes a version 2, sent beside this one.</summary>
/// <remarks>Independent of how events are stored: an event may change its shape, a contract does not.</remarks>
public abstract record OrderContract(
    [property: Description("The order.")] Guid OrderId,
    [property: Description("Whose order it is.")] string CustomerId,
    [property: Description("ISO 4217 code of every amount.")] string Currency);

/// <summary>An order began.</summary>
[Description("An order began. Items that it began with follow as order.item-added.v1.")]
public sealed record OrderCreatedV1(Guid OrderId, string CustomerId, string Currency) : OrderContract(OrderId, CustomerId, Currency);

/// <summary>Units of a product were added at a price.</summary>
[Description("Units of a product were added to an order.")]
public sealed record ItemAddedV1(
    Guid OrderId, string CustomerId, string Currency,
    [property: Description("The product.")] string ProductId,
    [property: Description("Units added, 1 or more.")] int Quantity,
    [property: Description("Price of one unit.")] decimal UnitPrice,
    [property: Description("What the product is called, where that was said.")] string? Description,
    [property: Description("Distinct products in the order after it.")] int ItemCount,
    [property: Description("What the order came to after it.")] decimal TotalAmount) : OrderContract(OrderId, CustomerId, Currency);

/// <summary>Units of a product were removed from its line at one price.</summary>
[Description("Units of a product were removed from an order's line at one price.")]
public sealed record ItemRemovedV1(
    Guid OrderId, string CustomerId, string Currency,
    [property: Description("The product.")] string ProductId,
    [property: Description("Units removed, 1 or more.")] int Quantity,
    [property: Description("Price of one unit, which is that of the line.")] decimal UnitPrice,
    [property: Description("Distinct products in the order after it.")] int ItemCount,
    [property: Description("What the order came to after it.")] decimal TotalAmount) : OrderContract(OrderId, CustomerId, Currency);

/// <summary>A product at a price, as it was ordered.</summary>
public sealed record OrderedItemV1(
    [property: Description("The product.")] string ProductId,
    [property: Description("Units, 1 or more.")] long Quantity,
    [property: Description("Price of one unit.")] decimal UnitPrice,
    [property: Description("What the product is called, where that was said.")] string? Description);

/// <summary>The customer committed to an order: all that is needed to pick, pay and ship it.</summary>
[Description("The customer committed to an order, which no longer changes unless it is cancelled.")]
public sealed record OrderConfirmedV1(
    Guid OrderId, string CustomerId, string Currency,
    [property: Description("What was ordered, in the order in which it was first added.")] IReadOnlyList<OrderedItemV1> Items,
    [property: Description("Distinct products.")] int ItemCount,
    [property: Description("What it comes to.")] decimal TotalAmount) : OrderContract(OrderId, CustomerId, Currency);

/// <summary>An order was called off.</summary>
[Description("An order was called off, for good.")]
public sealed record OrderCancelledV1(
    Guid OrderId, string CustomerId, string Currency,
    [property: Description("Why, where that was said.")] string? Reason,
    [property: Description("Whether the customer had committed to it before.")] bool WasConfirmed,
    [property: Description("What it came to.")] decimal TotalAmount) : OrderContract(OrderId, CustomerId, Currency);
