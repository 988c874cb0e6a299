using System.ComponentModel.DataAnnotations;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>What a caller sends to start an order.</summary>
/// <param name="OrderId">The order's id, if the caller chooses it: any UUID but nil. Otherwise it is a UUIDv7 of ours.</param>
/// <param name="CustomerId">Whose order it is; a caller that is a customer may leave it out.</param>
/// <param name="Currency">ISO 4217 code of every price in the order.</param>
/// <param name="Items">What to order, in order.</param>
/// <param name="Confirm">Whether to confirm it as well.</param>
public sealed record NewOrder(
    [property: NotNil] Guid? OrderId = null,
    [property: CustomerId] string? CustomerId = null,
    [property: Currency] string Currency = "USD",
    IReadOnlyList<AddItem>? Items = null,
    bool Confirm = false) : IForSomebody
{
    /// <inheritdoc />
    public void Permit(Caller caller)
    {
        if (caller.CustomerId is { } self && (CustomerId ?? self) != self)
            throw new ProblemException("forbidden", "A customer creates orders for itself only.");
    }

    /// <summary>The command, on behalf of a caller that may give it.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c> without any customer.</exception>
    public CreateOrder For(Caller caller)
    {
        var customer = CustomerId ?? caller.CustomerId
            ?? throw new ProblemException("validation-failed", "customerId is required.", new Dictionary<string, string[]> { ["customerId"] = ["is required"] });
        return new(customer, Currency, Items, Confirm);
    }
}

/// <summary>Any UUID but the nil one.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NotNilAttribute() : ValidationAttribute("must not be the nil UUID")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not Guid id || id != Guid.Empty;
}
