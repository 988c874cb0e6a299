using System.Text.Json.Nodes;

namespace OrderMonolith.History;

/// <summary>What turns one JSON value into another, as a JSON Patch (RFC 6902).</summary>
public static class JsonPatch
{
    /// <summary>The operations, to be applied in order; none where both values are equal.</summary>
    public static JsonArray Between(JsonNode? from, JsonNode? to)
    {
        var patch = new JsonArray();
        Compare(patch, "", from, to);
        return patch;
    }

    static void Compare(JsonArray patch, string path, JsonNode? from, JsonNode? to)
    {
        if (JsonNode.DeepEquals(from, to)) return;
        switch (from, to)
        {
            case (JsonObject before, JsonObject after):
                foreach (var (name, _) in before.Where(member => !after.ContainsKey(member.Key))) Add(patch, "remove", Join(path, name));
                foreach (var (name, value) in after)
                    if (before.TryGetPropertyValue(name, out var old)) Compare(patch, Join(path, name), old, value);
                    else Add(patch, "add", Join(path, name), value);
                break;
            case (JsonArray before, JsonArray after):
                Compare(patch, path, before, after);
                break;
            default:
                Add(patch, "replace", path, to);
                break;
        }
    }

    /// <summary>What both begin and end with stays; between, items are changed in place, then removed or added.</summary>
    static void Compare(JsonArray patch, string path, JsonArray from, JsonArray to)
    {
        var shorter = Math.Min(from.Count, to.Count);
        var begin = 0;
        while (begin < shorter && JsonNode.DeepEquals(from[begin], to[begin])) begin++;
        var end = 0;
        while (end < shorter - begin && JsonNode.DeepEquals(from[^(end + 1)], to[^(end + 1)])) end++;

        var both = shorter - end;
        for (var i = begin; i < both; i++) Compare(patch, $"{path}/{i}", from[i], to[i]);
        for (var i = from.Count - end - 1; i >= both; i--) Add(patch, "remove", $"{path}/{i}");
        for (var i = both; i < to.Count - end; i++) Add(patch, "add", $"{path}/{i}", to[i]);
    }

    static void Add(JsonArray patch, string op, string path, JsonNode? value)
    {
        Add(patch, op, path);
        patch[^1]!["value"] = value?.DeepClone();
    }

    static void Add(JsonArray patch, string op, string path) => patch.Add(new JsonObject { ["op"] = op, ["path"] = path });

    static string Join(string path, string name) => $"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
}
