using System.Net;
using OrderMonolith.Http;

namespace OrderMonolith.Specs;

/// <summary>Every kind of problem, seen once over HTTP; those that callers alone cannot bring about have specs of their own.</summary>
public sealed class ProblemSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    static readonly string[] Elsewhere =
    [
        "unauthenticated", "forbidden", // AccessSpecs
        "unsupported-media-type", // MannersSpecs
        "storage-unavailable", // OutageSpecs, HungDatabaseSpecs, StorageFaultSpecs
        "server-busy", "concurrent-change", "idempotency-key-in-use", "projection-behind", "internal-error", // TroubleSpecs
        "query-too-slow", // InsightsSpecs
        "rebuild-under-way", // ProjectionRoutes
        "delivery-not-found", "too-many-webhooks", // WebhookDeliverySpecs, WebhookSpecs
        "dead-letter-conflict", // LetterSpecs
        "too-many-requests", // what stands in front of the service may answer so; the service itself never does
    ];

    [Fact]
    public async Task Each_is_answered_alike_and_explained_on_its_page()
    {
        var seen = new HashSet<string>(Elsewhere);
        var (order, tea) = (await Start(), new { productId = "tea", quantity = 1, unitPrice = 1.5m });

        await Is("malformed-request", "POST", "/v1/orders", "{");
        await Is("validation-failed", "POST", "/v1/orders", new { customerId = " " });
        await Is("order-not-found", "GET", $"/v1/orders/{Guid.NewGuid()}");
        await Is("order-not-found", "GET", "/v1/orders/nonsense");
        await Is("item-not-in-order", "DELETE", $"{order}/items/tea");
        await Is("route-not-found", "GET", "/nowhere");
        await Is("projection-not-found", "GET", "/v1/ops/projections/none");
        await Is("webhook-not-found", "GET", "/v1/webhooks/nonsense");
        await Is("dead-letter-not-found", "GET", "/v1/ops/dead-letters/none");
        await Is("method-not-allowed", "PUT", "/v1/orders");
        await Is("order-already-exists", "POST", "/v1/orders", new { orderId = order.Split('/')[^1], customerId = "c1" });
        await Is("order-is-empty", "POST", $"{order}/confirm");
        await Is("order-too-large", "POST", "/v1/orders", new { customerId = "c1", items = Enumerable.Range(0, 5_001).Select(i => new { productId = $"p{i}", quantity = 1, unitPrice = 1 }) });
        await Is("version-conflict", "POST", $"{order}/items", tea, ("If-Match", "\"7\""));
        await Is("consistency-token-unknown", "GET", "/v1/orders", null, ("Consistency-Token", "nonsense"));
        await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }, ("Idempotency-Key", "used"));
        await Is("idempotency-key-reused", "POST", "/v1/orders", new { customerId = "c2" }, ("Idempotency-Key", "used"));
        await Is("request-too-large", "POST", "/v1/orders", "{}".PadRight(1_048_577));

        await monolith.Send("POST", $"{order}/items", tea);
        await Is("not-enough-items", "DELETE", $"{order}/items/tea?quantity=2");
        await monolith.Send("POST", $"{order}/confirm");
        await Is("order-not-pending", "POST", $"{order}/items", tea);

        Assert.Equal(Problems.Kinds.Keys.Order(), seen.Order());

        async Task Is(string code, string method, string path, object? body = null, params (string, string)[] headers)
        {
            seen.Add(code);
            var (kind, answer) = (Problems.Kinds[code], await monolith.Send(method, path, body, headers));
            var problem = answer.Content;
            Assert.Equal(
                (kind.Status, code, $"/problems/{code}", kind.Title, kind.Status),
                (answer.Status, answer.Code, problem.GetProperty("type").GetString(), problem.GetProperty("title").GetString(), problem.GetProperty("status").GetInt32()));
            Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
            Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        }
    }

    [Fact]
    public async Task Each_has_its_page()
    {
        foreach (var kind in Problems.Kinds.Values)
        {
            var page = await monolith.Send("GET", $"/problems/{kind.Code}");
            Assert.Equal((200, "text/html"), (page.Status, page.Response.Content.Headers.ContentType?.MediaType));
            Assert.Contains(WebUtility.HtmlEncode(kind.Help), page.Body);
        }
    }

    [Fact]
    public async Task A_conflict_names_the_version_that_the_order_has()
    {
        var order = await Start();
        var conflict = await monolith.Send("POST", $"{order}/cancel", null, ("If-Match", "\"9\""));
        Assert.Equal(1, conflict.Content.GetProperty("currentVersion").GetInt32());
        Assert.Equal(1, (await monolith.Send("POST", $"{order}/confirm")).Content.GetProperty("currentVersion").GetInt32());
    }

    [Fact]
    public async Task The_callers_trace_is_named_in_every_answer()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        (string, string) parent = ("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        var problem = await monolith.Send("GET", "/nowhere", null, parent);
        Assert.Equal((trace, trace), (problem.Content.GetProperty("traceId").GetString(), problem.Header("Trace-Id")));

        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }, parent);
        var read = await monolith.Send("GET", created.Header("Location")!, null, parent);
        Assert.Equal((201, trace, 200, trace), (created.Status, created.Header("Trace-Id"), read.Status, read.Header("Trace-Id")));
        foreach (var other in new[] { "nonsense", $"cc-{trace}-00f067aa0ba902b7-01-what", "00-00000000000000000000000000000000-0000000000000000-00" })
        {
            var own = (await monolith.Send("GET", "/health/live", null, ("traceparent", other))).Header("Trace-Id");
            Assert.Matches("^[0-9a-f]{32}$", own);
            Assert.NotEqual(new string('0', 32), own);
        }
    }

    async Task<string> Start() => (await monolith.Send("POST", "/v1/orders", new { customerId = "c1" })).Header("Location")!;
}
