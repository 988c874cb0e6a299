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
        var (earlier, later) = (Math.Min(from, to), Math.Max(from, to));
        var steps = new List<DiffStep>(later - earlier);
        JsonNode? first = null, last = null;
        foreach (var (version, state) in history.States().Index().Skip(earlier).Take(later - earlier + 1))
        {
            var shown = Shown(state);
            if (version == earlier) first = shown;
            else steps.Add(new(version, nameOf(history.Events[version - 1]), Patch(last, shown)));
            last = shown;
        }

        if (from > to) steps.Reverse();
        return new(from, to, Patch(first, last), steps);

        JsonArray Patch(JsonNode? before, JsonNode? after) => from <= to ? JsonPatch.Between(before, after) : JsonPatch.Between(after, before);
    }

    /// <summary>An order as callers see it.</summary>
    public static JsonNode? Shown(Order? order) => JsonSerializer.SerializeToNode(order, Json.Stored);
}

/// <summary>What one event changed.</summary>
/// <param name="Version">The event's place in the order's history.</param>
/// <param name="Event">What kind of event it is.</param>
/// <param name="Patch">JSON Patch over this event, or back over it.</param>
public sealed record DiffStep(long Version, string Event, JsonArray Patch);
