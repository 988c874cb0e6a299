using Microsoft.OpenApi;
using OrderMonolith.Commands;
using OrderMonolith.History;
using OrderMonolith.Http;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;

namespace OrderMonolith.Api;

/// <summary>One thing that can be done over HTTP, as the API's description tells it.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The route.</param>
/// <param name="Id">Its name in generated clients.</param>
/// <param name="Summary">What it does, in a few words.</param>
/// <param name="Scope">What a token must allow; nothing for what is open to everybody.</param>
public sealed record ApiOperation(string Method, string Path, string Id, string Summary, string? Scope)
{
    /// <summary>The heading it stands under.</summary>
    public string Tag { get; init; } = "Orders";

    /// <summary>More about it.</summary>
    public string? Description { get; init; }

    /// <summary>What it takes in its path, query and headers.</summary>
    public IReadOnlyList<IOpenApiParameter> Parameters { get; init; } = [];

    /// <summary>Name of the schema of the body, if it takes one.</summary>
    public string? Body { get; init; }

    /// <summary>Whether the body must be there.</summary>
    public bool BodyIsRequired { get; init; }

    /// <summary>A body, as JSON.</summary>
    public string? BodyExample { get; init; }

    /// <summary>How it answers when it goes well.</summary>
    public IReadOnlyList<ApiAnswer> Answers { get; init; } = [];

    /// <summary>Codes of the problems it can end in.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>An answer of an operation that went well.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Description">What it means.</param>
/// <param name="Body">Name of the body's schema; empty for text, null for no body.</param>
/// <param name="Example">A body, as JSON.</param>
/// <param name="MediaType">The body's type.</param>
public sealed record ApiAnswer(int Status, string Description, string? Body = null, string? Example = null, string MediaType = "application/json")
{
    /// <summary>Name of the schema that the body may have instead.</summary>
    public string? Or { get; init; }

    /// <summary>Names of headers that it carries, of those in <see cref="ApiHeaders.Answered"/>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];
}

/// <summary>Everything that can be done over HTTP.</summary>
public static class ApiOperations
{
    /// <summary>What whoever needs a token and the database can end in.</summary>
    internal static readonly string[] Guarded = ["unauthenticated", "forbidden", "storage-unavailable"];

    /// <summary>All operations.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        new("POST", "/v1/orders", "createOrder", "Start an order", Scopes.WriteOrders)
        {
            Description = "Empty or with items, pending or at once confirmed: a whole checkout in one request, all or nothing. A token of a customer creates orders for that customer only.",
            Parameters = [ApiParameters.DryRun, ApiParameters.IdempotencyKey, ApiParameters.Prefer],
            Body = nameof(NewOrder),
            BodyIsRequired = true,
            BodyExample = ApiExamples.NewOrder,
            Answers =
            [
                new(200, "What a dry run would lead to.", nameof(DryRunAnswer), ApiExamples.DryRun),
                new(201, "The order, or no body where the caller preferred that.", nameof(Order), ApiExamples.Order) { Headers = ["Consistency-Token", "ETag", "Idempotent-Replayed", "Location", "Preference-Applied"] },
            ],
            Problems =
            [
                "malformed-request", "validation-failed", .. Guarded, "order-already-exists", "order-is-empty", "order-too-large", "concurrent-change", "idempotency-key-in-use", "idempotency-key-reused",
                "request-too-large", "unsupported-media-type", "projection-behind", "server-busy",
            ],
        },
        Command("POST", "/v1/orders/{orderId}/items", "addItem", "Add units of a product",
            "At the price of a line that is there, its quantity rises; another price makes a line of its own. The last description given for a line wins.",
            "order-not-pending", "order-too-large") with { Body = nameof(AddItem), BodyIsRequired = true, BodyExample = ApiExamples.AddItem },
        Command("DELETE", "/v1/orders/{orderId}/items/{productId}", "removeItem", "Remove units of a product, or all of it",
            "Units go from the most recently added price first.",
            "item-not-in-order", "order-not-pending", "not-enough-items") with
            {
                Parameters = [ApiParameters.OrderId, ApiParameters.ProductId, ApiParameters.Quantity, ApiParameters.DryRun, ApiParameters.IfMatch, ApiParameters.IdempotencyKey, ApiParameters.Prefer],
            },
        Command("POST", "/v1/orders/{orderId}/confirm", "confirmOrder", "Commit to the order",
            "Asked again it changes nothing and answers with the order as it is.",
            "order-not-pending", "order-is-empty") with { Body = nameof(ConfirmOrder), BodyExample = "{}" },
        Command("POST", "/v1/orders/{orderId}/cancel", "cancelOrder", "Call the order off",
            "Asked again it changes nothing and answers with the order as it is.",
            "order-not-pending") with { Body = nameof(CancelOrder), BodyExample = ApiExamples.CancelOrder },

        new("GET", "/v1/orders/{orderId}", "getOrder", "Read an order", Scopes.ReadOrders)
        {
            Description = "Always current, or as it was.",
            Parameters = [ApiParameters.OrderId, .. ApiParameters.Past, ApiParameters.IfNoneMatch],
            Answers = [new(200, "The order.", nameof(Order), ApiExamples.Order) { Headers = ["ETag"] }, NotModified],
            Problems = ["validation-failed", .. Guarded, "order-not-found", "projection-behind"],
        },
        new("GET", "/v1/orders/{orderId}/events", "getOrderEvents", "Read what happened to an order", Scopes.ReadOrders)
        {
            Description = "The audit trail: who did what, when and from what, oldest first.",
            Parameters = [ApiParameters.OrderId, .. ApiParameters.OfTrail],
            Answers = [new(200, "A page of events.", nameof(AuditTrailPage), ApiExamples.AuditTrailPage)],
            Problems = ["validation-failed", .. Guarded, "order-not-found", "projection-behind"],
        },
        new("GET", "/v1/orders/{orderId}/diff", "diffOrder", "Compare two versions of an order", Scopes.ReadOrders)
        {
            Description = "As a JSON Patch (RFC 6902), as a whole and event by event.",
            Parameters = [ApiParameters.OrderId, .. ApiParameters.OfDiff],
            Answers = [new(200, "The difference.", nameof(OrderDiff), ApiExamples.OrderDiff)],
            Problems = ["validation-failed", .. Guarded, "order-not-found", "projection-behind"],
        },
        new("POST", "/v1/orders/{orderId}/what-if", "whatIf", "Try another past", Scopes.ReadOrders)
        {
            Description = "Folds the order's history anew without some of its events, then decides some commands on it. Nothing is written. What no longer fits is told among the refusals.",
            Parameters = [ApiParameters.OrderId],
            Body = nameof(WhatIfRequest),
            BodyIsRequired = true,
            BodyExample = ApiExamples.WhatIfRequest,
            Answers = [new(200, "The order as it would be.", nameof(WhatIf), ApiExamples.WhatIf)],
            Problems = ["malformed-request", "validation-failed", .. Guarded, "order-not-found", "request-too-large", "unsupported-media-type", "projection-behind"],
        },
        new("GET", "/v1/orders/{orderId}/summary", "getOrderSummary", "Read an order in one line", Scopes.ReadOrders)
        {
            Parameters = [ApiParameters.OrderId, ApiParameters.ConsistencyToken, ApiParameters.Wait, ApiParameters.IfNoneMatch],
            Answers = [new(200, "The summary.", nameof(OrderSummary), ApiExamples.OrderSummary) { Headers = ["ETag"] }, NotModified],
            Problems = ["validation-failed", "consistency-token-unknown", .. Guarded, "order-not-found", "projection-behind"],
        },
        new("GET", "/v1/orders", "listOrders", "Find orders", Scopes.ReadOrders)
        {
            Description = "Filters are joined by *and*. Follow `next` until it is null: by createdAt no order is missed or repeated; by the other sorts, none that does not change meanwhile. "
                + "All orders, those of a customer, of a status and with a product are listed as fast however many there are, by any sort. Other filters look through what these find, for 2 seconds at most: then the answer is `query-too-slow`.",
            Parameters = [.. ApiParameters.OfList, ApiParameters.ConsistencyToken, ApiParameters.Wait],
            Answers = [new(200, "A page of summaries.", ApiSchemas.List, ApiExamples.OrderSummaryList)],
            Problems = ["validation-failed", "consistency-token-unknown", .. Guarded, "projection-behind", "query-too-slow"],
        },
        .. ApiLists.All,
        .. ApiInsights.All,
        .. ApiFeed.All,
        .. ApiWebhooks.All,

        .. ProjectionOperations.All,
        .. DeadLetterOperations.All,

        new("GET", "/health/live", "live", "Is the process up?", null)
        {
            Tag = "Service",
            Answers = [new(200, "It is.", nameof(HealthAnswer), """{"status":"Healthy","checks":{}}""")],
        },
        new("GET", "/health/ready", "ready", "Can it do its work?", null)
        {
            Tag = "Service",
            Description = "`Degraded` means that a view that may lag has lagged for long: commands and current reads work.",
            Answers =
            [
                new(200, "Commands and current reads work.", nameof(HealthAnswer), """{"status":"Healthy","checks":{"storage":{"status":"Healthy"}}}"""),
                new(503, "They do not.", nameof(HealthAnswer), """{"status":"Unhealthy","checks":{"storage":{"status":"Unhealthy","description":"The database does not answer."}}}"""),
            ],
        },
        new("GET", "/problems/{code}", "explainProblem", "What a problem means", null)
        {
            Tag = "Service",
            Parameters = [ApiParameters.Code],
            Answers = [new(200, "A page for people.", "", null, "text/html")],
            Problems = ["route-not-found"],
        },
    ];

    static ApiAnswer NotModified => new(304, "The caller has this version already.") { Headers = ["ETag"] };

    static ApiOperation Command(string method, string path, string id, string summary, string description, params string[] refusals) =>
        new(method, path, id, summary, Scopes.WriteOrders)
        {
            Description = description,
            Parameters = [ApiParameters.OrderId, ApiParameters.DryRun, ApiParameters.IfMatch, ApiParameters.IdempotencyKey, ApiParameters.Prefer],
            Answers =
            [
                new(200, "The order after the command; of a dry run, what it would lead to.", nameof(Order), ApiExamples.Order) { Or = nameof(DryRunAnswer), Headers = ["Consistency-Token", "ETag", "Idempotent-Replayed"] },
                new(204, "Done; the caller preferred no body.") { Headers = ["Consistency-Token", "ETag", "Idempotent-Replayed", "Preference-Applied"] },
            ],
            Problems =
            [
                "malformed-request", "validation-failed", .. Guarded, "order-not-found", .. refusals, "concurrent-change", "idempotency-key-in-use", "idempotency-key-reused", "version-conflict",
                "request-too-large", "unsupported-media-type", "projection-behind", "server-busy",
            ],
        };
}
