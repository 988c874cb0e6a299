using System.Text.Json.Serialization;

namespace OrderMonolith.Orders;

/// <summary>Why a command was refused.</summary>
/// <param name="Code">Stable name of the reason; callers branch on it.</param>
/// <param name="Message">The reason in a sentence, for people.</param>
public sealed record Rejection(string Code, string Message);

/// <summary>What a command leads to: facts to append (perhaps none), or one reason it was refused. Never both.</summary>
/// <param name="Events">The facts, in order.</param>
/// <param name="Rejection">The refusal, if it is one.</param>
public readonly record struct Decision(IReadOnlyList<OrderEvent> Events, Rejection? Rejection = null)
{
    /// <summary>All is already as the command wants it.</summary>
    public static Decision Nothing => new([]);

    /// <summary>One fact.</summary>
    public static implicit operator Decision(OrderEvent fact) => new([fact]);

    /// <summary>A refusal.</summary>
    public static implicit operator Decision(Rejection no) => new([], no);
}

/// <summary>A request to change one order. Where one of several is meant, its <c>type</c> says which. Its shape has been checked; whether it fits the order is what it decides.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AddItem), nameof(AddItem))]
[JsonDerivedType(typeof(RemoveItem), nameof(RemoveItem))]
[JsonDerivedType(typeof(ConfirmOrder), nameof(ConfirmOrder))]
[JsonDerivedType(typeof(CancelOrder), nameof(CancelOrder))]
public interface IOrderCommand
{
    /// <summary>Decides on the order as it stands. Pure: no clock, no ids, no I/O.</summary>
    Decision Decide(Order order);
}
