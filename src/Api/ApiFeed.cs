using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OrderMonolith.Contracts;
using OrderMonolith.Feed;
using OrderMonolith.Http;

namespace OrderMonolith.Api;

/// <summary>What is told to the world outside, as the API's description tells it.</summary>
public static class ApiFeed
{
    /// <summary>Name of the schema of a batch of events.</summary>
    public const string Batch = "CloudEventBatch";

    /// <summary>Name of the schema of a schema.</summary>
    public const string Schema = "JsonSchema";

    const string Position = "01RVsO0QkUVAvTo84wHDRcAAAAAAAAAADtfZgHwRBtC8";

    const string Event = $$"""
        {"specversion":"1.0","id":"01a20916-89a1-7479-aecf-253137bd6d59","source":"urn:uuid:3b9f2c1e-7d1a-4d59-9c57-0b7c2a3d4e5f","type":"order.confirmed.v1","subject":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c",
         "time":"2026-01-31T12:00:00.123456Z","datacontenttype":"application/json","sequence":"3","sequencetype":"Integer","position":"{{Position}}","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "data":{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"c1","currency":"GBP","items":[{"productId":"teapot","quantity":2,"unitPrice":9.5}],"itemCount":1,"totalAmount":19} }
        """;

    static readonly IOpenApiParameter After = ApiParameters.Of(ParameterLocation.Query, "after",
        "Begin behind this place: the `position` of an event, or the Consistency-Token of a command.", ApiParameters.Text(), Position);

    static readonly string[] Problems = ["validation-failed", "consistency-token-unknown", .. ApiOperations.Guarded, "projection-behind"];

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        new("GET", "/v1/events", "listEvents", "Fetch what happened to all orders", Scopes.ReadOrders)
        {
            Tag = "Events",
            Description = "CloudEvents in the order of the store's history, without a gap: follow the `Link` to what is next, and ask it again in a while once it answers none. Without `after`, from the beginning. Not for tokens with a `customer_id`.",
            Parameters = [After, ApiParameters.Of(ParameterLocation.Query, "limit", "Most events in a batch.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "1000", Default = 100 })],
            Answers = [new(200, "Events, none at the end.", Batch, $"[{Event}]", EventBatch.MediaType) { Headers = ["Link"] }],
            Problems = Problems,
        },
        new("GET", "/v1/events/stream", "streamEvents", "Hear what happens to all orders", Scopes.ReadOrders)
        {
            Tag = "Events",
            Description = "Server-sent events: the position as `id`, the type as `event`, the CloudEvent as `data`. Without `after` or `Last-Event-ID`, what happens from now on. A comment is sent when nothing happened for 15 seconds.",
            Parameters = [After, ApiParameters.Of(ParameterLocation.Header, "Last-Event-ID", "As browsers send it when they come back: goes before `after`.", ApiParameters.Text(), Position)],
            Answers = [new(200, "The events.", "", null, "text/event-stream")],
            Problems = Problems,
        },
        new("GET", "/contracts", "listContracts", "What events there are", null)
        {
            Tag = "Events",
            Answers = [new(200, "All contracts.", nameof(ContractList), """{"items":[{"type":"order.confirmed.v1","schema":"/contracts/order.confirmed.v1"}]}""")],
            Problems = ["validation-failed"],
        },
        new("GET", "/contracts/{type}", "getContract", "What an event holds", null)
        {
            Tag = "Events",
            Description = "The JSON Schema (2020-12) of the `data` of events of this type. Members may be added; nothing else about it changes, ever.",
            Parameters = [ApiParameters.Of(ParameterLocation.Path, "type", "The event's type.", ApiParameters.Text(), "order.confirmed.v1")],
            Answers = [new(200, "The schema.", Schema, """{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"order.created.v1","type":"object"}""", "application/schema+json")],
            Problems = ["validation-failed", "route-not-found"],
        },
    ];

    /// <summary>A batch of events.</summary>
    public static OpenApiSchema BatchSchema { get; } = new()
    {
        Type = JsonSchemaType.Array,
        Items = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "A CloudEvent 1.0 in JSON. Its `data` is as /contracts says of its type.",
            Required = new HashSet<string> { "specversion", "id", "source", "type", "subject", "time", "sequence", "position", "data" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["specversion"] = new OpenApiSchema { Const = "1.0" },
                ["id"] = Text("The event's id, the same in every copy.", "uuid"),
                ["source"] = Text("The store whose history it is part of. A restored database is another source."),
                ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. Translation.Names.Values.Order(StringComparer.Ordinal).Select(name => (JsonNode)name)] },
                ["subject"] = Text("The order.", "uuid"),
                ["time"] = Text("When it happened.", "date-time"),
                ["datacontenttype"] = Text("application/json."),
                ["sequence"] = Text("Its place in the order's history: the order's version, as text."),
                ["sequencetype"] = Text("Integer."),
                ["position"] = Text("Its place in the store's history, to send as `after`."),
                ["traceparent"] = Text("The trace that caused it (W3C trace context)."),
                ["data"] = new OpenApiSchema { Type = JsonSchemaType.Object },
            },
        },
    };

    /// <summary>A schema.</summary>
    public static OpenApiSchema SchemaSchema { get; } = new() { Type = JsonSchemaType.Object, Description = "A JSON Schema (2020-12).", Required = new HashSet<string> { "$schema" } };

    static OpenApiSchema Text(string description, string? format = null) => new() { Type = JsonSchemaType.String, Description = description, Format = format };
}
