using System.Globalization;

namespace OrderMonolith.Orders;

/// <summary>Every reason for which the rules refuse a command: the vocabulary of answers, specs and support.</summary>
public static class Rejections
{
    /// <summary>No order has the id, or none that the caller may see.</summary>
    public static Rejection OrderNotFound { get; } = new("order-not-found", "There is no order with this id.");

    /// <summary>An order's id is used once.</summary>
    public static Rejection OrderAlreadyExists { get; } = new("order-already-exists", "There is already an order with this id.");

    /// <summary>Only a pending order changes; only a pending order is confirmed.</summary>
    public static Rejection OrderNotPending(Order order) => order.Status is OrderStatus.Cancelled ? WasCancelled : WasConfirmed;

    /// <summary>Nothing to confirm.</summary>
    public static Rejection OrderIsEmpty { get; } = new("order-is-empty", "An order needs at least one item before it can be confirmed.");

    /// <summary>The product to remove is not there.</summary>
    public static Rejection ItemNotInOrder(string productId) => new("item-not-in-order", $"The order holds no product '{productId}'.");

    /// <summary>More units were to be removed than are there.</summary>
    public static Rejection NotEnoughItems(string productId, long held) =>
        new("not-enough-items", $"The order holds {held} of product '{productId}', fewer than were to be removed.");

    /// <summary>One more line than an order may hold.</summary>
    public static Rejection TooManyLines { get; } = new("order-too-large", $"An order holds at most {Bounds.MostLines} lines.");

    /// <summary>More units on one line than it may hold.</summary>
    public static Rejection TooManyUnits(string productId) =>
        new("order-too-large", $"A line holds at most {Bounds.MostUnits} units; that of product '{productId}' would hold more.");

    /// <summary>The caller decided on another version than the order has.</summary>
    public static Rejection VersionConflict(long current) =>
        new("version-conflict", string.Create(CultureInfo.InvariantCulture, $"The order is at version {current}. Read it again and decide on that."));

    /// <summary>Others kept changing the order first.</summary>
    public static Rejection ConcurrentChange { get; } = new("concurrent-change", "Others kept changing the order first. Try again.");

    /// <summary>The key of the command came with another one before.</summary>
    public static Rejection KeyReused { get; } = new("idempotency-key-reused", "This Idempotency-Key came with another request before.");

    /// <summary>The first request with the key has not ended.</summary>
    public static Rejection KeyInUse { get; } = new("idempotency-key-in-use", "A request with this Idempotency-Key is still running. Try again in a moment.");

    /// <summary>What was put away no longer changes.</summary>
    public static Rejection OrderArchived { get; } = new("order-not-pending", "The order is archived and no longer changes.");

    static Rejection WasConfirmed { get; } = new("order-not-pending", "The order is already confirmed.");

    static Rejection WasCancelled { get; } = new("order-not-pending", "The order was cancelled.");
}
