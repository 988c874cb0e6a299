using System.Text.Json;

namespace OrderMonolith.Views;

/// <summary>A row of a view that is not what the order's events say; or that a view goes no further.</summary>
/// <param name="View">The view that it is in.</param>
/// <param name="OrderId">The order.</param>
/// <param name="How">What is wrong with it, in one sentence.</param>
public sealed record Difference(string View, Guid OrderId, string How)
{
    /// <summary>What is wrong with a row of an order that has no events.</summary>
    public const string NoEvents = "has no events";

    /// <summary>Sequence of the event before which the view has stopped, if that is what is wrong.</summary>
    public long? StoppedBefore { get; init; }

    /// <summary>That a view cannot take an event.</summary>
    public static Difference Stopped(StoredView view, FoldFault fault) => new(view.Name, fault.OrderId, $"the view stops: {fault}") { StoppedBefore = fault.Sequence };

    /// <summary>What is wrong with a row that differs from the one that it should be, as PostgreSQL shows both; null where there is none.</summary>
    /// <param name="stored">Its document.</param>
    /// <param name="expected">The document that it should hold.</param>
    /// <param name="columns">Its columns as one JSON object.</param>
    /// <param name="expectedColumns">The columns that it should have.</param>
    /// <param name="verb">How to say what it is held against.</param>
    public static string Between(string? stored, string? expected, string? columns, string? expectedColumns, string verb = "should be")
    {
        if (stored is null) return "is missing";
        if (expected is null) return NoEvents;
        return string.Join("; ", Differing(stored, expected, verb).Concat(Differing(columns!, expectedColumns!, verb)));
    }

    static IEnumerable<string> Differing(string stored, string expected, string verb)
    {
        var (is_, should) = (Members(stored), Members(expected));
        return is_.Keys.Union(should.Keys).Where(name => is_.GetValueOrDefault(name) != should.GetValueOrDefault(name))
            .Select(name => $"{name} is {is_.GetValueOrDefault(name, "absent")}, {verb} {should.GetValueOrDefault(name, "absent")}");
    }

    static Dictionary<string, string> Members(string json) => JsonElement.Parse(json) is { ValueKind: JsonValueKind.Object } document
        ? document.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText())
        : new() { ["document"] = json };
}
