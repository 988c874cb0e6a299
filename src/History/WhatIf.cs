using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using OrderMonolith.Orders;

namespace OrderMonolith.History;

/// <summary>Another past for an order.</summary>
/// <param name="AtVersion">The version to begin from; the current one when absent.</param>
/// <param name="Drop">Versions that shall not have happened. The first, which created the order, cannot be dropped.</param>
/// <param name="Commands">What shall have been asked for after that, in order.</param>
public sealed record WhatIfRequest(
    [property: Range(1, int.MaxValue, ErrorMessage = "must be a version from 1 on")] int? AtVersion = null,
    [property: Droppable] IReadOnlyList<int>? Drop = null,
    [property: MaxLength(1_000, ErrorMessage = "must hold at most 1000 commands")] IReadOnlyList<IOrderCommand>? Commands = null);

/// <summary>Versions that can be dropped: any but the first.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class DroppableAttribute() : ValidationAttribute("must hold versions from 2 on")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not IEnumerable<int> versions || versions.All(version => version > 1);
}

/// <summary>What would have been.</summary>
/// <param name="Order">The order as it would be.</param>
/// <param name="Events">What the commands would have led to.</param>
/// <param name="Refusals">What would not have fitted.</param>
/// <param name="Patch">JSON Patch (RFC 6902) from the order as it was to the order as it would be.</param>
public sealed record WhatIf(Order Order, IReadOnlyList<NewEvent> Events, IReadOnlyList<WhatIfRefusal> Refusals, JsonArray Patch)
{
    /// <summary>Folds an order's history anew, without some of it and with more.</summary>
    /// <param name="history">The history, up to the version to begin from.</param>
    /// <param name="request">What is different.</param>
    /// <param name="now">When the commands are given.</param>
    /// <param name="typeOf">What a fact is called.</param>
    public static WhatIf Of(OrderHistory history, WhatIfRequest request, DateTimeOffset now, Func<OrderEvent, string> typeOf)
    {
        HashSet<int> drop = [.. request.Drop ?? []];
        var (was, order, refused) = Replay.Of(history.OrderId, history.Facts, (_, past, version) => drop.Contains(version) ? Decision.Nothing : past.Fact);
        var (refusals, events) = (refused.Select(WhatIfRefusal.Of).ToList(), new List<NewEvent>());
        foreach (var (command, number) in (request.Commands ?? []).Select((command, i) => (command, i + 1)))
        {
            var decision = command.Decide(order);
            if (decision.Rejection is { } no) refusals.Add(new(null, number, no.Code));
            foreach (var fact in decision.Events)
            {
                order = order.After(fact, now > order.LastUpdated ? now : order.LastUpdated);
                events.Add(NewEvent.Of(typeOf(fact), fact));
            }
        }

        return new(order, events, refusals, JsonPatch.Between(OrderDiff.Shown(was), OrderDiff.Shown(order)));
    }
}

/// <summary>Something that would not have fitted.</summary>
/// <param name="Version">The event, where it is one that happened.</param>
/// <param name="Command">The number of the command, from 1, where it is one.</param>
/// <param name="Code">Why, as a problem's code.</param>
public sealed record WhatIfRefusal(int? Version, int? Command, string Code)
{
    /// <summary>Of a fact.</summary>
    public static WhatIfRefusal Of(RefusedFact refused) => new(refused.Version, null, refused.Why.Code);
}
