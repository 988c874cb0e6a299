using Microsoft.OpenApi;
using OrderMonolith.Http;
using OrderMonolith.Insights;
using OrderMonolith.Orders;

namespace OrderMonolith.Api;

/// <summary>The figures over all orders, as the API's description tells them.</summary>
public static class ApiInsights
{
    const string Sold = "Sold are orders that were confirmed and not cancelled since: a later cancellation takes an order out of the figures of the day of its confirmation.";

    static readonly IOpenApiParameter CustomerId = ApiParameters.Of(
        ParameterLocation.Path, "customerId", "The customer; a customer's token may name its own alone.", ApiSchemas.Bound(ApiParameters.Text(), new CustomerIdAttribute()), "c1");

    static readonly IOpenApiParameter[] Period =
    [
        Query("from", $"The first day, UTC; {Insights.Period.DefaultDays} days before `to` when absent.", ApiParameters.Text(format: "date"), "2026-01-01"),
        Query("to", "The first day that no longer counts, UTC; tomorrow when absent.", ApiParameters.Text(format: "date"), "2026-02-01"),
    ];

    static readonly IOpenApiParameter Limit = Query("limit", "Most items.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "1000", Default = 100 });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Figures("/v1/insights/sales", "getSales", "What was sold, over time", $"""
            By bucket of UTC days and by currency. {Sold} `orders` counts those created in the bucket, `cancelled` those cancelled in it, whatever else became of them and when.
            A pending order earns nothing. Weeks are ISO 8601's. Of a first or last bucket only the days within the period count. A bucket in which nothing happened is left out.
            At most 1,000 buckets.
            """,
            nameof(SalesFigures), """{"from":"2026-01-01","to":"2026-02-01","bucket":"week","items":[{"bucket":"2026-W05","starts":"2026-01-26","currency":"GBP","orders":3,"confirmed":2,"cancelled":1,"revenue":57.5}]}""",
            [.. Period, Query("bucket", "What days are added up to.", ApiParameters.Text(["day", "week", "month"], @default: "day"))]),
        Figures("/v1/insights/products", "getProductSales", "What was sold, by product", $"""
            {Sold} Each currency is a list of its own, one behind the other, as amounts of two currencies do not compare: in each there are the first `limit` products of the order asked for.
            """,
            nameof(ProductFigures), """{"from":"2026-01-01","to":"2026-02-01","items":[{"productId":"tea","currency":"GBP","units":12,"revenue":114,"orders":7}]}""",
            [
                .. Period, Query("currency", "This currency alone.", ApiSchemas.Bound(ApiParameters.Text(), new CurrencyAttribute())),
                Query("sort", "What to sort by; `-` is descending.", ApiParameters.Text(["units", "-units", "revenue", "-revenue", "orders", "-orders"], @default: "-revenue")), Limit,
            ]),
        Figures("/v1/insights/products/{productId}/bought-together", "getBoughtTogether", "What is bought together with a product", $"""
            The 50 products that most of the orders hold that hold this one, of those that were sold and hold at most {BoughtTogether.LargestBasket} distinct products. A product that was never sold has none.
            """,
            nameof(BoughtTogether), """{"productId":"tea","orders":7,"items":[{"productId":"teapot","orders":3}]}""", [ApiParameters.ProductId]),
        Figures("/v1/insights/customers/{customerId}", "getCustomerFigures", "What a customer ordered, all in all", """
            The lifetime value is what the confirmed orders come to. Who never ordered has no orders, and is not an error. A customer's token may ask for its own.
            """,
            nameof(CustomerFigures), """{"customerId":"c1","orders":3,"pending":1,"confirmed":2,"cancelled":0,"firstOrderAt":"2026-01-31T12:00:00.123456Z","lastOrderAt":"2026-02-03T09:30:00Z","lifetimeValue":[{"currency":"GBP","amount":57.5}]}""",
            [CustomerId]),
        Figures("/v1/insights/cancellations", "getCancellations", "Why orders were called off, and how soon", """
            Orders cancelled in the period, by reason as it was given, the most frequent first; `all` is all of them, also those whose reasons are beyond `limit`. The times are from an order's creation to its cancellation, each that of a real order.
            """,
            nameof(CancellationFigures), """{"from":"2026-01-01","to":"2026-02-01","all":{"orders":2,"fromPending":1,"fromConfirmed":1,"medianSeconds":60.5,"p95Seconds":86400},"items":[{"reason":"ordered twice","orders":2,"fromPending":1,"fromConfirmed":1,"medianSeconds":60.5,"p95Seconds":86400}]}""",
            [.. Period, Limit]),
    ];

    static ApiOperation Figures(string path, string id, string summary, string description, string answer, string example, IOpenApiParameter[] parameters) =>
        new("GET", path, id, summary, Scopes.ReadInsights)
        {
            Tag = "Insights",
            Description = description,
            Parameters = [.. parameters, ApiParameters.ConsistencyToken, ApiParameters.Wait],
            Answers = [new(200, "The figures.", answer, example)],
            Problems = ["validation-failed", "consistency-token-unknown", .. ApiOperations.Guarded, "projection-behind", "query-too-slow", "server-busy"],
        };

    static OpenApiParameter Query(string name, string description, OpenApiSchema schema, string? example = null) =>
        ApiParameters.Of(ParameterLocation.Query, name, description, schema, example);
}
