using Microsoft.OpenApi;
using OrderMonolith.Http;
using OrderMonolith.Webhooks;

namespace OrderMonolith.Api;

/// <summary>Partners' endpoints, as the API's description tells them.</summary>
public static class ApiWebhooks
{
    const string Webhooks = "/v1/webhooks";
    const string Webhook = Webhooks + "/{webhookId}";
    const string Deliveries = Webhook + "/deliveries";
    const string Delivery = Deliveries + "/{eventId}";

    const string Id = "01a20916-89a1-7479-aecf-253137bd6d59";
    const string EventId = "01a20916-89a1-7479-aecf-253137bd6d60";
    const string OrderId = "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c";

    const string Shown = $$"""
        "id":"{{Id}}","url":"https://partner.example/orders","description":"Warehouse","types":["order.confirmed.v1"],"status":"Active","createdAt":"2026-01-31T12:00:00.123456Z"
        """;

    const string WithSecret = $$"""{{{Shown}},"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw4mfKQ9r8GKY="}""";

    const string Attempt = $$"""
        {"eventId":"{{EventId}}","type":"order.confirmed.v1","orderId":"{{OrderId}}","version":3,"state":"Failed","attempts":1,"at":"2026-01-31T12:00:01Z","seconds":0.012,"status":500,"fault":"answered 500"}
        """;

    const string Details = $$"""
        {"eventId":"{{EventId}}","type":"order.confirmed.v1","orderId":"{{OrderId}}","version":3,"state":"Waiting","dueAt":"2026-01-31T12:00:06Z","request":"{\"specversion\":\"1.0\"}",
         "attempts":[{"number":1,"at":"2026-01-31T12:00:01Z","seconds":0.012,"status":500,"fault":"answered 500","response":"out of order"}]}
        """;

    const string Signed = """
        Each event is a POST of one CloudEvent (`application/cloudevents+json`), signed as Standard Webhooks 1.0 has it: `webhook-id` is the event's id, the same in every attempt; `webhook-signature` has one signature for each secret that is valid.
        Any 2xx says that it was taken; all else, redirects included, is tried again for days. Of an order, a later event is not sent before the earlier one was taken.
        """;

    static readonly IOpenApiParameter WebhookId = ApiParameters.Of(ParameterLocation.Path, "webhookId", "The webhook.", ApiParameters.Text(format: "uuid"), Id);
    static readonly IOpenApiParameter OfEvent = ApiParameters.Of(ParameterLocation.Path, "eventId", "The event: its `webhook-id`.", ApiParameters.Text(format: "uuid"), EventId);
    static readonly IOpenApiParameter[] Paging = [.. ApiParameters.OfList.Where(parameter => parameter.Name is "limit" or "cursor")];

    static readonly string[] Reading = ["validation-failed", .. ApiOperations.Guarded];
    static readonly string[] Named = [.. Reading, "webhook-not-found"];
    static readonly string[] OfDelivery = [.. Named, "delivery-not-found"];
    static readonly string[] Body = ["malformed-request", "request-too-large", "unsupported-media-type"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Of("POST", Webhooks, "createWebhook", "Have events sent to an endpoint") with
        {
            Description = "From now on; replays send what happened before. The secret is shown in this answer alone. Addresses in private and other special networks are refused, here or when they are connected to. " + Signed,
            Body = nameof(NewWebhook),
            BodyIsRequired = true,
            BodyExample = """{"url":"https://partner.example/orders","description":"Warehouse","types":["order.confirmed.v1"]}""",
            Answers = [new(201, "The webhook, with its secret.", nameof(ShownWebhook), WithSecret) { Headers = ["Location"] }],
            Problems = [.. Reading, .. Body, "too-many-webhooks"],
        },
        Of("GET", Webhooks, "listWebhooks", "List webhooks") with
        {
            Parameters = Paging,
            Answers = [new(200, "A page of webhooks, the oldest first.", nameof(WebhookList), $$"""{"items":[{{{Shown}}}],"next":null}""")],
            Problems = Reading,
        },
        Of("GET", Webhook, "getWebhook", "Read a webhook") with
        {
            Parameters = [WebhookId],
            Answers = [new(200, "The webhook.", nameof(ShownWebhook), $$"""{{{Shown}}}""")],
            Problems = Named,
        },
        Of("PATCH", Webhook, "changeWebhook", "Change a webhook, pause it or resume it") with
        {
            Description = "Only what is given changes. While it is paused, events wait; when it is resumed, they are sent at once. An endpoint that takes nothing for long, or answers 410, is paused by itself, and `pausedBecause` says why. Other types hold for events from now on.",
            Parameters = [WebhookId],
            Body = nameof(WebhookChange),
            BodyIsRequired = true,
            BodyExample = """{"status":"Active"}""",
            Answers = [new(200, "The webhook after it.", nameof(ShownWebhook), $$"""{{{Shown}}}""")],
            Problems = [.. Named, .. Body, "concurrent-change"],
        },
        Of("DELETE", Webhook, "deleteWebhook", "Have no more events sent to an endpoint") with
        {
            Description = "What waits for it is forgotten, and what was sent.",
            Parameters = [WebhookId],
            Answers = [new(204, "It is gone.")],
            Problems = Named,
        },
        Of("POST", Webhook + "/rotations", "rotateWebhookSecret", "Replace a webhook's secret") with
        {
            Description = "The new one is shown in this answer alone. For a while the one before signs too, so that the endpoint can change over; of three, the oldest stops at once.",
            Parameters = [WebhookId],
            Body = nameof(SecretRotation),
            BodyExample = """{"oldSignsForSeconds":3600}""",
            Answers = [new(200, "The webhook, with its new secret.", nameof(ShownWebhook), WithSecret)],
            Problems = [.. Named, .. Body, "concurrent-change"],
        },
        Of("POST", Webhook + "/tests", "testWebhook", "Try whether an endpoint can be reached") with
        {
            Description = $"Sends an event of type `{TestEvent.Type}` at once, also to a webhook that is paused, and answers what came back.",
            Parameters = [WebhookId],
            Body = nameof(EmptyRequest),
            BodyExample = "{}",
            Answers = [new(200, "What came back.", nameof(WebhookTest), $$"""{"eventId":"{{EventId}}","delivered":true,"seconds":0.012,"status":204,"response":""}""")],
            Problems = [.. Named, .. Body],
        },
        Of("GET", Deliveries, "listWebhookDeliveries", "List what was sent to a webhook, or waits to be") with
        {
            Description = "Attempts, the latest first; with `state=Waiting` or `state=GivenUp` instead the events that wait, the oldest first.",
            Parameters = [WebhookId, ApiParameters.Of(ParameterLocation.Query, "state", "Only those.", ApiParameters.Text(Enum.GetNames<DeliveryState>())), .. Paging],
            Answers = [new(200, "A page of them.", nameof(WebhookDeliveryList), $$"""{"items":[{{Attempt}}],"next":null}""")],
            Problems = Named,
        },
        Of("GET", Delivery, "getWebhookDelivery", "Read what was sent of an event, and what came back") with
        {
            Parameters = [WebhookId, OfEvent],
            Answers = [new(200, "The attempts.", nameof(WebhookDeliveryDetails), Details)],
            Problems = OfDelivery,
        },
        Of("POST", Delivery + "/redeliveries", "redeliverToWebhook", "Send an event once more") with
        {
            Description = "Also one that was given up. Its `webhook-id` stays the same.",
            Parameters = [WebhookId, OfEvent],
            Body = nameof(EmptyRequest),
            BodyExample = "{}",
            Answers = [new(202, "It is on its way; Location says where to see what becomes of it.") { Headers = ["Location"] }],
            Problems = [.. OfDelivery, .. Body],
        },
        Of("POST", Webhook + "/replays", "replayToWebhook", "Send a stretch of the past") with
        {
            Description = "All that happened behind a place in the store's history, or since a time, whether it was sent before or not; what waits anyway is sent once.",
            Parameters = [WebhookId],
            Body = nameof(WebhookReplay),
            BodyIsRequired = true,
            BodyExample = """{"since":"2026-01-31T00:00:00Z","types":["order.confirmed.v1"]}""",
            Answers = [new(202, "They are on their way.", nameof(ReplayedEvents), """{"events":41}""")],
            Problems = [.. Named, .. Body],
        },
    ];

    static ApiOperation Of(string method, string path, string id, string summary) => new(method, path, id, summary, Scopes.Operations) { Tag = "Webhooks" };
}
