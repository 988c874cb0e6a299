using Microsoft.OpenApi;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.WorkList;

namespace OrderMonolith.Api;

/// <summary>The lists for one audience each, as the API's description tells them.</summary>
public static class ApiLists
{
    static readonly IOpenApiParameter[] Paging = [.. ApiParameters.OfList.Where(parameter => parameter.Name is "limit" or "cursor"), ApiParameters.ConsistencyToken, ApiParameters.Wait];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        new("GET", "/v1/my/orders", "listOwnOrders", "A customer's own orders, newest first", Scopes.ReadOrders)
        {
            Description = "For tokens with a `customer_id`; without one it is `forbidden`, also where no tokens are asked for. Follow `next` until it is null: no order is missed or repeated.",
            Parameters = Paging,
            Answers = [new(200, "A page of orders.", nameof(OwnOrders), """{"items":[{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","status":"Confirmed","itemCount":1,"totalAmount":19,"currency":"GBP","createdAt":"2026-01-31T12:00:00.123456Z"}],"next":null}""")],
            Problems = ["validation-failed", "consistency-token-unknown", .. ApiOperations.Guarded, "projection-behind", "query-too-slow", "server-busy"],
        },
        new("GET", "/v1/work-list", "getWorkList", "The shop's work list: orders that are pending", Scopes.ReadOrders)
        {
            Description = "Those that are pending longest, or the biggest of a currency. Not for tokens with a `customer_id`. A view that may lag: send a Consistency-Token to find your own writes in it.",
            Parameters =
            [
                Query("sort", "`longest`: the oldest first; `biggest`: the highest amount first, of one `currency`, as amounts in two do not compare.", ApiParameters.Text(["longest", "biggest"], @default: "longest")),
                Query("currency", "Orders in this currency.", ApiSchemas.Bound(ApiParameters.Text(), new CurrencyAttribute())),
                Query("productId", "Orders that hold this product now.", ApiSchemas.Bound(ApiParameters.Text(), new ProductIdAttribute())),
                .. Paging,
            ],
            Answers = [new(200, "A page of orders.", nameof(WorkListPage), """{"items":[{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"c1","itemCount":1,"totalAmount":19,"currency":"GBP","createdAt":"2026-01-31T12:00:00.123456Z","lastUpdated":"2026-01-31T12:00:00.123456Z","version":2}],"next":null}""")],
            Problems = ["validation-failed", "consistency-token-unknown", .. ApiOperations.Guarded, "projection-behind", "query-too-slow", "server-busy"],
        },
    ];

    static OpenApiParameter Query(string name, string description, OpenApiSchema schema) => ApiParameters.Of(ParameterLocation.Query, name, description, schema);
}
