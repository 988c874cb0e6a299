using OrderMonolith.Http;
using OrderMonolith.Rebuilding;
using OrderMonolith.Views;

namespace OrderMonolith.Api;

/// <summary>What operators can do over HTTP with the views.</summary>
public static class ProjectionOperations
{
    const string Views = "/v1/ops/projections";
    const string View = Views + "/{name}";
    const string Rebuild = View + "/rebuilds/{rebuildId}";

    const string Status = """{"name":"order_summaries","version":1,"lifecycle":"Inline","state":"Current","position":41,"eventsBehind":0,"canRollBack":true}""";

    const string Progress = """
        {"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","view":"order_summaries","startedAt":"2026-01-31T12:00:00.123456Z","rollBack":false,"acceptDifferences":false,"requestedBy":"ops@example.org","step":3,"state":"Building",
         "build":"5f0c3a9e-7a51-4cc2-b8a4-3d7f5f1a2b3c","after":"5f0c3a9e-7a51-4cc2-b8a4-3d7f5f1a2b3c","orders":1000,"eventsDone":5000,"eventsTotal":20000,"eventsPerSecond":42000,
         "eventsBehind":15000,"differences":0,"firstDifferences":[],"updatedAt":"2026-01-31T12:00:01Z","isOver":false,"secondsToGo":0.4}
        """;

    static readonly string[] Asked = [.. ApiOperations.Guarded, "projection-not-found"];
    static readonly string[] WithBody = ["malformed-request", "validation-failed", .. Asked, "request-too-large", "unsupported-media-type"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Of("GET", Views, "listProjections", "Read how the views are") with
        {
            Answers = [new(200, "The views.", nameof(ViewList), $$"""{"items":[{{Status}}]}""")],
            Problems = ["validation-failed", .. ApiOperations.Guarded],
        },
        Of("GET", View, "getProjection", "Read how a view is") with
        {
            Parameters = [ApiParameters.Projection],
            Answers = [new(200, "The view.", nameof(ViewStatus), Status)],
            Problems = ["validation-failed", .. Asked],
        },
        Of("POST", View + "/rebuilds", "rebuildProjection", "Build a view anew") with
        {
            Description = "Beside the one that is read, while the service reads and writes on. Both are compared row by row; only if they are the same, or `acceptDifferences` says that they need not be, "
                + "what was built is read from then on. One that is under way already is answered instead.",
            Parameters = [ApiParameters.Projection],
            Body = nameof(RebuildRequest),
            BodyExample = """{"acceptDifferences":false}""",
            Answers = [new(202, "It is under way; Location says where to see how far it is.") { Headers = ["Location"] }],
            Problems = [.. WithBody, "rebuild-under-way"],
        },
        Of("POST", View + "/rollbacks", "rollBackProjection", "Go back to what was read before the last rebuild") with
        {
            Description = "What happened since is added first, and both are compared.",
            Parameters = [ApiParameters.Projection],
            Body = nameof(RebuildRequest),
            BodyExample = """{"acceptDifferences":true}""",
            Answers = [new(202, "It is under way; Location says where to see how far it is.") { Headers = ["Location"] }],
            Problems = [.. WithBody, "rebuild-under-way"],
        },
        Of("GET", Rebuild, "getRebuild", "Read how far a rebuild is") with
        {
            Parameters = [ApiParameters.Projection, ApiParameters.RebuildId],
            Answers = [new(200, "How far it is, or how it ended.", nameof(RebuildProgress), Progress)],
            Problems = ["validation-failed", .. Asked],
        },
        Of("GET", Rebuild + "/progress", "watchRebuild", "Watch a rebuild") with
        {
            Description = "Server-sent events, each with how far it is as its data: `progress`, then one `end`.",
            Parameters = [ApiParameters.Projection, ApiParameters.RebuildId],
            Answers = [new(200, "The events.", "", null, "text/event-stream")],
            Problems = ["validation-failed", .. Asked],
        },
        Of("DELETE", Rebuild, "cancelRebuild", "Call a rebuild off") with
        {
            Description = "What is read stays as it is. One that has ended stays so.",
            Parameters = [ApiParameters.Projection, ApiParameters.RebuildId],
            Answers = [new(202, "It ends at its next step.") { Headers = ["Location"] }],
            Problems = ["validation-failed", .. Asked],
        },
        Of("POST", View + "/skips", "skipEvent", "Have a view go on without an event that it cannot take") with
        {
            Description = "Only that view leaves it out, for ever; who said so and why is kept.",
            Parameters = [ApiParameters.Projection],
            Body = nameof(SkipRequest),
            BodyIsRequired = true,
            BodyExample = """{"sequence":41,"reason":"a test product that the fold does not know"}""",
            Answers =
            [
                new(200, "It is left out from now on.", nameof(SkippedEvent), """
                    {"id":"order_summaries/41","view":"order_summaries","sequence":41,"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","type":"item_added_v2",
                     "reason":"a test product that the fold does not know","skippedBy":"ops@example.org","skippedAt":"2026-01-31T12:00:00Z"}
                    """),
            ],
            Problems = WithBody,
        },
    ];

    static ApiOperation Of(string method, string path, string id, string summary) => new(method, path, id, summary, Scopes.Operations) { Tag = "Operations" };
}
