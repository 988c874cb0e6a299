using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OrderMonolith.DeadLetters;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Api;

/// <summary>What operations take outside of their bodies.</summary>
public static class ApiParameters
{
    const ParameterLocation Path = ParameterLocation.Path, Query = ParameterLocation.Query, Header = ParameterLocation.Header;

    /// <summary>The order's id.</summary>
    public static IOpenApiParameter OrderId { get; } = Of(Path, "orderId", "The order's id as it is given out, in lower case with hyphens; any other form names no order.", Text(format: "uuid"), "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c");

    /// <summary>The product's id, escaped as a path needs it.</summary>
    public static IOpenApiParameter ProductId { get; } = Of(Path, "productId", "The product.", ApiSchemas.Bound(Text(), new ProductIdAttribute()), "tea");

    /// <summary>The code of a problem.</summary>
    public static IOpenApiParameter Code { get; } = Of(Path, "code", "The problem's code.", Text(Problems.Kinds.Keys.Order()), "order-not-found");

    /// <summary>The name of a view.</summary>
    public static IOpenApiParameter Projection { get; } = Of(Path, "name", "Name of the projection.", Text(), "order_summaries");

    /// <summary>A rebuild.</summary>
    public static IOpenApiParameter RebuildId { get; } = Of(Path, "rebuildId", "The rebuild, as `Location` named it.", Text(format: "uuid"), "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c");

    /// <summary>A dead letter.</summary>
    public static IOpenApiParameter LetterId { get; } = Of(Path, "letterId", "The dead letter, as the list names it.", Text(), "message-01a20b21-9199-7c27-913f-90b0c6b610c9");

    /// <summary>Filters and paging of dead letters.</summary>
    public static IReadOnlyList<IOpenApiParameter> OfLetters { get; } =
    [
        Of(Query, "kind", "Letters of this kind.", Text(Enum.GetNames<LetterKind>())),
        Of(Query, "type", "Messages or events of this type.", Text(), "abandon_order"),
        Of(Query, "state", "Letters of which this became.", Text(Enum.GetNames<LetterState>(), @default: nameof(LetterState.Waiting))),
        Of(Query, "limit", "Most letters on a page.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "200", Default = 50 }),
        Of(Query, "cursor", "`next` of the page before, with the same filters.", Text()),
    ];

    /// <summary>Units to remove.</summary>
    public static IOpenApiParameter Quantity { get; } =
        Of(Query, "quantity", "Units to remove; all of them when absent.", ApiSchemas.Bound(Whole(), new QuantityAttribute()));

    /// <summary>Trying without doing.</summary>
    public static IOpenApiParameter DryRun { get; } =
        Of(Query, "dryRun", "`true`: answer what the command would lead to, or the problem that it would end in, and write nothing. The Idempotency-Key is ignored.", Text(["true", "false"]));

    /// <summary>Optimistic concurrency.</summary>
    public static IOpenApiParameter IfMatch { get; } = Of(Header, "If-Match",
        "Apply the command only to this version of the order, as its ETag named it; `*` is any. Without it the command is decided on the order as it then is.", Text(), "\"3\"");

    /// <summary>Exactly once.</summary>
    public static IOpenApiParameter IdempotencyKey { get; } = Of(Header, "Idempotency-Key",
        "Any text that the caller uses for this request only. Sent again with the same key, the request has no further effect and is answered as the first time.",
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255, Pattern = "^[!-~]+$" }, "5f0c3a9e-checkout");

    /// <summary>Saves sending what the caller has.</summary>
    public static IOpenApiParameter IfNoneMatch { get; } = Of(Header, "If-None-Match", "Answer 304 if this is still the version.", Text(), "\"3\"");

    /// <summary>Whether the order is wanted in the answer.</summary>
    public static IOpenApiParameter Prefer { get; } = Of(Header, "Prefer", "`return=minimal`: answer without a body.", Text(), "return=minimal");

    /// <summary>A moment in the past.</summary>
    public static IReadOnlyList<IOpenApiParameter> Past { get; } =
    [
        Of(Query, "version", "As it was at this version.", new() { Type = JsonSchemaType.Integer, Minimum = "1" }),
        Of(Query, "at", "As it was at this time, after the last event until then; a date alone is its midnight UTC.", Text(), "2026-01-31T12:00:00Z"),
    ];

    /// <summary>Paging of the audit trail.</summary>
    public static IReadOnlyList<IOpenApiParameter> OfTrail { get; } =
    [
        Of(Query, "after", "The version to begin behind: `next` of the page before.", new() { Type = JsonSchemaType.Integer, Minimum = "0", Default = 0 }),
        Of(Query, "limit", "Most events on a page.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "1000", Default = 100 }),
    ];

    /// <summary>The versions to compare.</summary>
    public static IReadOnlyList<IOpenApiParameter> OfDiff { get; } =
    [
        Of(Query, "from", "The version before, 0 for nothing; the one before `to` when absent.", new() { Type = JsonSchemaType.Integer, Minimum = "0" }),
        Of(Query, "to", "The version after, also an earlier one; the current when absent. At most 1000 versions away.", new() { Type = JsonSchemaType.Integer, Minimum = "0" }),
    ];

    /// <summary>Read your writes.</summary>
    public static IOpenApiParameter ConsistencyToken { get; } =
        Of(Header, "Consistency-Token", "From a command's answer: the answer holds that command, or is 503 after the time that `Prefer: wait` allows.", Text(), "AAECAwQFBgcICQoLDA0ODwAAAAAAAAAq");

    /// <summary>How long to wait for it.</summary>
    public static IOpenApiParameter Wait { get; } = Of(Header, "Prefer", "`wait=seconds`: how long to wait for what the Consistency-Token names; 5 when absent, 30 at most.", Text(), "wait=10");

    /// <summary>Filters, order and paging of the list.</summary>
    public static IReadOnlyList<IOpenApiParameter> OfList { get; } =
    [
        Of(Query, "customerId", "Orders of this customer.", ApiSchemas.Bound(Text(), new CustomerIdAttribute())),
        Of(Query, "status", "Orders that are here in their life.", Text(Enum.GetNames<OrderStatus>())),
        Of(Query, "productId", "Orders that hold this product now.", ApiSchemas.Bound(Text(), new ProductIdAttribute())),
        Of(Query, "currency", "Orders in this currency.", ApiSchemas.Bound(Text(), new CurrencyAttribute())),
        Of(Query, "createdFrom", "Orders created at or after this time; a date alone is its midnight UTC.", Text(), "2026-01-31T12:00:00Z"),
        Of(Query, "createdTo", "Orders created before this time; a date alone is its midnight UTC.", Text(), "2026-02-01"),
        Of(Query, "minTotal", "Orders of at least this amount.", Amount()),
        Of(Query, "maxTotal", "Orders of at most this amount.", Amount()),
        Of(Query, "sort", "What to sort by; `-` is descending.",
            Text(["createdAt", "-createdAt", "lastUpdated", "-lastUpdated", "totalAmount", "-totalAmount"], @default: "-createdAt")),
        Of(Query, "limit", "Most orders on a page.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "200", Default = 20 }),
        Of(Query, "cursor", "`next` of the page before, with the same filters and sort.", Text()),
    ];

    /// <summary>A text, perhaps one of a few.</summary>
    internal static OpenApiSchema Text(IEnumerable<string>? of = null, string? format = null, string? @default = null) => new()
    {
        Type = JsonSchemaType.String,
        Format = format,
        Enum = of?.Select(value => (JsonNode)value).ToList(),
        Default = @default,
    };

    static OpenApiSchema Amount() => new() { Type = JsonSchemaType.Number, Format = "decimal", Minimum = "0" };

    static OpenApiSchema Whole() => new() { Type = JsonSchemaType.Integer };

    /// <summary>A parameter.</summary>
    internal static OpenApiParameter Of(ParameterLocation place, string name, string description, OpenApiSchema schema, string? example = null) => new()
    {
        In = place,
        Name = name,
        Description = description,
        Required = place == Path,
        Schema = schema,
        Example = example,
    };
}

/// <summary>The headers of answers.</summary>
public static class ApiHeaders
{
    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, OpenApiHeader> Answered { get; } = new Dictionary<string, OpenApiHeader>
    {
        ["Consistency-Token"] = Of("Send it with a read of a view that may lag, and the answer holds this command.", "AAECAwQFBgcICQoLDA0ODwAAAAAAAAAq"),
        ["ETag"] = Of("The order's version, quoted: send it as If-Match.", "\"3\""),
        ["Idempotent-Replayed"] = Of("`true` where a request is answered as its first time.", "true"),
        ["Link"] = Of("Where to go on (RFC 8288): the batch behind this one, as `rel=\"next\"`.", "</v1/events?after=01RVsO0QkUVAvTo84wHDRcAAAAAAAAAADtfZgHwRBtC8>; rel=\"next\""),
        ["Location"] = Of("Where the new order is.", "/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"),
        ["Preference-Applied"] = Of("`return=minimal` where that was preferred.", "return=minimal"),
        ["Retry-After"] = Of("Seconds after which to try again.", 1, JsonSchemaType.Integer),
        [Problems.TraceHeader] = Of("The trace that the request belongs to, the caller's own where it sent a `traceparent`. Events that it caused carry it as their correlationId.", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ["WWW-Authenticate"] = Of("What kind of token is needed, and what was wrong with the one sent.", "Bearer"),
    };

    /// <summary>Those that come with a kind of problem.</summary>
    public static IEnumerable<string> OfProblem(IEnumerable<ProblemKind> kinds)
    {
        if (kinds.Any(kind => kind.RetryAfter is not null)) yield return "Retry-After";
        if (kinds.Any(kind => kind.Code is "item-not-in-order" || kind.Status is 409)) yield return "Idempotent-Replayed";
        if (kinds.Any(kind => kind.Status is 401 or 403)) yield return "WWW-Authenticate";
    }

    static OpenApiHeader Of(string description, JsonNode example, JsonSchemaType type = JsonSchemaType.String) =>
        new() { Description = description, Schema = new OpenApiSchema { Type = type }, Example = example };
}
