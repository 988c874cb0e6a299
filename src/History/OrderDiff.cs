using System.Text.Json;
using System.Text.Json.Nodes;
using JasperFx.Events;
using OrderMonolith.Orders;

namespace OrderMonolith.History;

/// <summary>What changed in an order between two versions.</summary>
/// <param name="From">The version before; 0 is before the order was.</param>
/// <param name="To">The version after; lower than <paramref name="From"/> where the way goes back.</param>
/// <param name="Patch">JSON Patch (RFC 6902) from the one order to the other.</param>
/// <param name="Steps">The way, event by event.</param>
public sealed record OrderDiff(long From, long To, JsonArray Patch, IReadOnlyList<DiffStep> Steps)
{
    /// <summary>Compares two versions of an order.</summary>
    /// <param name="history">At least up to the later of both.</param>
    /// <param name="from">The version before.</param>
    /// <param name="to">The version after.</param>
    /// <param name="nameOf">What an event is called.</param>
    public static OrderDiff Between(OrderHistory history, int from, int to, Func<IEvent, string> nameOf)
    {
        var earliest = Math.Min(from, to);
        List<JsonNode?> states = [.. history.States().Skip(earliest).Take(Math.Abs(to - from) + 1).Select(Shown)];
        var steps = from < to ? Enumerable.Range(from + 1, to - from).Select(v => Step(v, v - 1, v)) : Enumerable.Range(to + 1, from - to).Reverse().Select(v => Step(v, v, v - 1));
        return new(from, to, JsonPatch.Between(states[from - earliest], states[to - earliest]), [.. steps]);

        DiffStep Step(int version, int before, int after) =>
            new(version, nameOf(history.Events[version - 1]), JsonPatch.Between(states[before - earliest], states[after - earliest]));
    }

    /// <summary>An order as callers see it.</summary>
    public static JsonNode? Shown(Order? order) => JsonSerializer.SerializeToNode(order, Json.Stored);
}

/// <summary>What one event changed.</summary>
/// <param name="Version">The event's place in the order's history.</param>
/// <param name="Event">What kind of event it is.</param>
/// <param name="Patch">JSON Patch over this event, or back over it.</param>
public sealed record DiffStep(long Version, string Event, JsonArray Patch);
