using OrderMonolith.Http;

namespace OrderMonolith.Api;

/// <summary>What requests and answers look like.</summary>
public static class ApiExamples
{
    /// <summary>A whole checkout.</summary>
    public const string NewOrder = """
        {"customerId":"c1","currency":"GBP","items":[{"productId":"tea","quantity":2,"unitPrice":9.5,"description":"Darjeeling"}],"confirm":true}
        """;

    /// <summary>Three more of a product.</summary>
    public const string AddItem = """{"productId":"tea","quantity":3,"unitPrice":9.5}""";

    /// <summary>A reason.</summary>
    public const string CancelOrder = """{"reason":"ordered twice"}""";

    /// <summary>An order of one line.</summary>
    public const string Order = """
        {"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"c1","currency":"GBP","status":"Confirmed",
         "lines":[{"productId":"tea","quantity":2,"unitPrice":9.5,"description":"Darjeeling"}],
         "itemCount":1,"totalAmount":19,"version":3,"createdAt":"2026-01-31T12:00:00.123456Z","lastUpdated":"2026-01-31T12:00:00.123456Z"}
        """;

    /// <summary>The same in one line.</summary>
    public const string OrderSummary = """
        {"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"c1","status":"Confirmed","itemCount":1,"totalAmount":19,"currency":"GBP",
         "version":3,"createdAt":"2026-01-31T12:00:00.123456Z","lastUpdated":"2026-01-31T12:00:00.123456Z"}
        """;

    /// <summary>The last page of a list.</summary>
    public const string OrderSummaryList = $$"""{"items":[{{OrderSummary}}],"next":null}""";

    /// <summary>The first two events of an order, one of them stored by an older version of the service.</summary>
    public const string AuditTrailPage = """
        {"items":[
         {"version":1,"sequence":41,"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3d","type":"order_created","data":{"customerId":"c1","currency":"GBP"},"timestamp":"2026-01-31T12:00:00.123456Z",
          "actor":"ann","correlationId":"4bf92f3577b34da6a3ce929d0e0e4736","causationId":"5f0c3a9e-checkout"},
         {"version":2,"sequence":42,"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3e","type":"item_added_v2","data":{"productId":"tea","quantity":2,"unitPrice":9.5},"timestamp":"2026-01-31T12:00:00.123456Z",
          "actor":"ann","correlationId":"4bf92f3577b34da6a3ce929d0e0e4736","causationId":"5f0c3a9e-checkout",
          "stored":{"type":"item_added","data":{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","productId":"tea","quantity":2,"price":9.5}}}
        ],"next":2}
        """;

    /// <summary>What a confirmation changes.</summary>
    public const string OrderDiff = """
        {"from":2,"to":3,
         "patch":[{"op":"replace","path":"/status","value":"Confirmed"},{"op":"replace","path":"/version","value":3}],
         "steps":[{"version":3,"event":"order_confirmed","patch":[{"op":"replace","path":"/status","value":"Confirmed"},{"op":"replace","path":"/version","value":3}]}]}
        """;

    /// <summary>What a checkout would lead to.</summary>
    public const string DryRun = $$"""
        {"order":{{Order}},
         "events":[{"type":"order_created","data":{"customerId":"c1","currency":"GBP"} }]}
        """;

    /// <summary>Without the second event, and one tea more.</summary>
    public const string WhatIfRequest = """{"drop":[2],"commands":[{"type":"AddItem","productId":"tea","quantity":1,"unitPrice":9.5}]}""";

    /// <summary>What comes of that.</summary>
    public const string WhatIf = """
        {"order":{"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"c1","currency":"GBP","status":"Pending","lines":[{"productId":"tea","quantity":1,"unitPrice":9.5}],
         "itemCount":1,"totalAmount":9.5,"version":2,"createdAt":"2026-01-31T12:00:00.123456Z","lastUpdated":"2026-01-31T12:00:05.123456Z"},
         "events":[{"type":"item_added_v2","data":{"productId":"tea","quantity":1,"unitPrice":9.5}}],
         "refusals":[{"version":3,"code":"order-is-empty"}],
         "patch":[{"op":"replace","path":"/status","value":"Pending"}]}
        """;

    /// <summary>A problem of a kind.</summary>
    public static string Problem(ProblemKind kind) => System.Text.Json.JsonSerializer.Serialize(
        new Problem(Problems.AddressOf(kind.Code), kind.Code, kind.Title, kind.Status, kind.Help, "4bf92f3577b34da6a3ce929d0e0e4736",
            kind.Code is "validation-failed" ? new Dictionary<string, string[]> { ["quantity"] = ["must be a whole number from 1 to 1000000"] } : null,
            kind.Status is 409 or 412 ? 3 : null),
        Json.Stored);
}
