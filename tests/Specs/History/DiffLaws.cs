using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson;
using OrderMonolith.History;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>A difference between any two versions of any history, applied by somebody else's JSON Patch, gives the other version; so does each of its steps.</summary>
[Properties(Arbitrary = [typeof(Histories)], QuietOnSuccess = true)]
public sealed class DiffLaws
{
    [Property]
    public void Patching_the_one_gives_the_other(LawfulHistory lived, byte a, byte b) => Holds(lived.Facts, a, b);

    [Property]
    public void So_it_does_for_histories_that_no_rule_allows(AnyHistory any, byte a, byte b) => Holds(any.Facts, a, b);

    static void Holds(IReadOnlyList<OrderEvent> facts, byte a, byte b)
    {
        var history = PastEvents.Of(facts);
        var (from, to) = (a % (facts.Count + 1), b % (facts.Count + 1));
        var diff = OrderDiff.Between(history, from, to, e => e.EventType.Name);

        Assert.Equal(Math.Abs(to - from), diff.Steps.Count);
        Same(OrderDiff.Shown(history.AsOf(to)), Patched(OrderDiff.Shown(history.AsOf(from)), diff.Patch));
        Same(OrderDiff.Shown(history.AsOf(to)), diff.Steps.Aggregate(OrderDiff.Shown(history.AsOf(from)), (state, step) => Patched(state, step.Patch)));
    }

    static void Same(JsonNode? expected, JsonNode? actual) => Assert.True(JsonNode.DeepEquals(expected, actual), $"{expected?.ToJsonString()} became {actual?.ToJsonString()}");

    static JsonNode? Patched(JsonNode? state, JsonArray patch)
    {
        if (patch.Count == 0) return state;

        // That library cannot replace a whole document.
        if (patch is [JsonObject { } whole] && whole["path"]!.GetValue<string>().Length == 0) return whole["value"]?.DeepClone();
        var patched = state!.DeepClone();
        JsonSerializer.Deserialize<JsonPatchDocument>(patch)!.ApplyTo(patched);
        return patched;
    }
}
