using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrderMonolith.Specs;

/// <summary>The approved description of the API, and whether what goes over the wire keeps to it.</summary>
static class ApiDocument
{
    static readonly string[] Headers = ["Consistency-Token", "ETag", "Idempotent-Replayed", "Link", "Location", "Preference-Applied", "Retry-After", "Trace-Id", "WWW-Authenticate"];

    /// <summary>Where it lies.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Repository(), "tests/Specs/Http/openapi.approved.json");

    /// <summary>What it says.</summary>
    public static JsonElement Content { get; } = File.Exists(Path) ? JsonElement.Parse(File.ReadAllText(Path)) : JsonElement.Parse("""{"paths":{}}""");

    /// <summary>Every operation: method, route, description.</summary>
    public static IEnumerable<(string Method, string Route, JsonElement Operation)> Operations =>
        from path in Content.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);

    /// <summary>Fails unless a request that went well, and any answer, are as described.</summary>
    public static void Check(string method, string target, string? body, Answer answer)
    {
        var (path, query) = target.Split('?', 2) is [var p, var q] ? (p, q) : (target, "");
        var found = Operations.Where(o => o.Method == method && Fits(o.Route, path)).OrderBy(o => o.Route.Count(c => c == '{')).FirstOrDefault();
        if (found.Route is null || answer.Status == 405) return;

        var operation = found.Operation;
        var faults = new List<string>();
        if (!operation.GetProperty("responses").TryGetProperty(answer.Status.ToString(CultureInfo.InvariantCulture), out var response))
            faults.Add($"status {answer.Status} is not described");
        else
            faults.AddRange(AnswerFaults(response, answer));
        if (answer.Status < 300) faults.AddRange(RequestFaults(operation, query, body));
        Assert.True(faults.Count == 0, $"{method} {target}: {string.Join("; ", faults)}\n{answer.Body}");
    }

    /// <summary>What does not fit a schema.</summary>
    public static IEnumerable<string> Faults(JsonElement schema, JsonElement value, string at = "$")
    {
        if (schema.TryGetProperty("$ref", out var named)) return Faults(Named(named.GetString()!), value, at);

        var faults = new List<string>();
        void Unless(bool holds, string fault)
        {
            if (!holds) faults.Add($"{at} {fault}");
        }

        foreach (var part in Items(schema, "allOf")) faults.AddRange(Faults(part, value, at));
        if (schema.TryGetProperty("anyOf", out _)) Unless(Items(schema, "anyOf").Any(one => !Faults(one, value, at).Any()), "is none of what it may be");
        if (schema.TryGetProperty("type", out var type))
            Unless((type.ValueKind is JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()) : [type.GetString()]).Any(t => IsOf(value, t!)), $"is no {type}");
        if (schema.TryGetProperty("enum", out _)) Unless(Items(schema, "enum").Any(e => JsonElement.DeepEquals(e, value)), $"is {value}, none of {schema.GetProperty("enum")}");
        if (schema.TryGetProperty("not", out var not)) Unless(!JsonElement.DeepEquals(not.GetProperty("const"), value), "is what it must not be");
        if (value.ValueKind is JsonValueKind.Number)
        {
            if (schema.TryGetProperty("minimum", out var least)) Unless(value.GetDecimal() >= least.GetDecimal(), "is too small");
            if (schema.TryGetProperty("maximum", out var most)) Unless(value.GetDecimal() <= most.GetDecimal(), "is too large");
            if (schema.TryGetProperty("multipleOf", out var step)) Unless(value.GetDecimal() % step.GetDecimal() == 0, "is between steps");
        }

        if (value.ValueKind is JsonValueKind.String)
        {
            var text = value.GetString()!;
            if (schema.TryGetProperty("minLength", out var least)) Unless(text.EnumerateRunes().Count() >= least.GetInt32(), "is too short");
            if (schema.TryGetProperty("maxLength", out var most)) Unless(text.EnumerateRunes().Count() <= most.GetInt32(), "is too long");
            if (schema.TryGetProperty("pattern", out var pattern)) Unless(Regex.IsMatch(text, pattern.GetString()!), $"does not fit {pattern}");
            if (schema.TryGetProperty("format", out var format))
                Unless(format.GetString() switch { "uuid" => value.TryGetGuid(out _), "date-time" => value.TryGetDateTimeOffset(out _) && text.EndsWith('Z'), _ => true }, $"is no {format}");
        }

        if (value.ValueKind is JsonValueKind.Array && schema.TryGetProperty("items", out var item))
            faults.AddRange(value.EnumerateArray().SelectMany((v, i) => Faults(item, v, $"{at}[{i}]")));
        if (value.ValueKind is JsonValueKind.Object) faults.AddRange(MemberFaults(schema, value, at));
        return faults;
    }

    static IEnumerable<string> MemberFaults(JsonElement schema, JsonElement value, string at)
    {
        foreach (var required in Items(schema, "required"))
            if (!value.TryGetProperty(required.GetString()!, out _)) yield return $"{at} lacks {required}";

        foreach (var member in value.EnumerateObject())
        {
            IEnumerable<string> faults = schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(member.Name, out var known) ? Faults(known, member.Value, $"{at}.{member.Name}")
                : schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind is JsonValueKind.Object ? Faults(others, member.Value, $"{at}.{member.Name}")
                : properties.ValueKind is JsonValueKind.Object && !IsPart(schema) || others.ValueKind is JsonValueKind.False ? [$"{at}.{member.Name} is not described"]
                : [];
            foreach (var fault in faults) yield return fault;
        }
    }

    /// <summary>Whether a schema only adds to another one beside it.</summary>
    static bool IsPart(JsonElement schema) => !schema.TryGetProperty("type", out _);

    static IEnumerable<string> AnswerFaults(JsonElement response, Answer answer)
    {
        var type = answer.Response.Content.Headers.ContentType?.MediaType;
        if (answer.Body.Length > 0)
        {
            if (!response.TryGetProperty("content", out var content) || type is null || !content.TryGetProperty(type, out var media)) yield return $"a body of {type} is not described";
            else if (type.EndsWith("json", StringComparison.Ordinal))
                foreach (var fault in Faults(media.GetProperty("schema"), answer.Content)) yield return fault;
        }

        foreach (var header in Headers.Where(header => answer.Header(header) is not null))
            if (!response.TryGetProperty("headers", out var described) || !described.TryGetProperty(header, out _)) yield return $"header {header} is not described";
    }

    static IEnumerable<string> RequestFaults(JsonElement operation, string query, string? body)
    {
        if (body is not null && operation.TryGetProperty("requestBody", out var described))
            foreach (var fault in Faults(described.GetProperty("content").GetProperty("application/json").GetProperty("schema"), JsonElement.Parse(body))) yield return fault;
        else if (body is not null) yield return "a body is not described";

        foreach (var (name, text) in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Select(p => (p[0], Uri.UnescapeDataString(p[1]))))
        {
            var parameter = Items(operation, "parameters").FirstOrDefault(p => p.GetProperty("in").GetString() == "query" && p.GetProperty("name").GetString() == name);
            if (parameter.ValueKind is JsonValueKind.Undefined)
            {
                yield return $"parameter {name} is not described";
                continue;
            }

            var schema = parameter.GetProperty("schema");
            var value = schema.GetProperty("type").GetString() is "string" ? JsonSerializer.SerializeToElement(text) : JsonElement.Parse(text);
            foreach (var fault in Faults(schema, value, name)) yield return fault;
        }
    }

    static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        "string" => value.ValueKind is JsonValueKind.String,
        "number" => value.ValueKind is JsonValueKind.Number,
        "integer" => value.ValueKind is JsonValueKind.Number && value.GetDecimal() % 1 == 0,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind is JsonValueKind.Null,
        _ => throw new NotSupportedException(type),
    };

    static JsonElement Named(string reference) => reference.Split('/')[1..].Aggregate(Content, (at, name) => at.GetProperty(name));

    static JsonElement[] Items(JsonElement owner, string name) => owner.TryGetProperty(name, out var items) ? [.. items.EnumerateArray()] : [];

    static bool Fits(string route, string path) => Regex.IsMatch(path, "^" + Regex.Replace(Regex.Escape(route), @"\\\{[^}]+}", "[^/]+") + "$");

    static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "OrderMonolith.sln"))) folder = Directory.GetParent(folder)!.FullName;
        return folder;
    }
}
