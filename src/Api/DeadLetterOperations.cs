using OrderMonolith.DeadLetters;
using OrderMonolith.Http;

namespace OrderMonolith.Api;

/// <summary>What operators can do over HTTP with what did not get through.</summary>
public static class DeadLetterOperations
{
    const string Letters = "/v1/ops/dead-letters";
    const string Letter = Letters + "/{letterId}";

    const string Shown = """
        {"id":"message-01a20b21-9199-7c27-913f-90b0c6b610c9","kind":"Message","type":"abandon_order","failedAt":"2026-01-31T12:00:00.123456Z","why":"permission denied for table mt_events","state":"Waiting",
         "orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","target":"local://abandonment/","exceptionType":"Npgsql.PostgresException","attempts":4,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}
        """;

    static readonly string WithMessage = Shown.TrimEnd()[..^1] + ""","message":{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"}}""";

    static readonly string[] Asked = [.. ApiOperations.Guarded, "dead-letter-not-found"];
    static readonly string[] WithBody = ["malformed-request", "validation-failed", .. ApiOperations.Guarded, "request-too-large", "unsupported-media-type"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Of("GET", Letters, "listDeadLetters", "Read what did not get through") with
        {
            Description = "Messages whose handler failed as often as it was to be tried, deliveries that were given up, and events before which a view stopped; the one that failed first before all others. "
                + "They wait until somebody has them tried again or gives them up; what was done about one is kept.",
            Parameters = ApiParameters.OfLetters,
            Answers = [new(200, "A page of them, without their messages.", nameof(LetterPage), $$"""{"items":[{{Shown}}],"next":null}""")],
            Problems = ["validation-failed", .. ApiOperations.Guarded],
        },
        Of("GET", Letter, "getDeadLetter", "Read a dead letter with its message") with
        {
            Description = "The message as it lies there: of a message its body, of a delivery the CloudEvent, of an event its data as they are stored. Of a letter that no longer waits, what is kept.",
            Parameters = [ApiParameters.LetterId],
            Answers = [new(200, "The letter.", nameof(DeadLetter), WithMessage)],
            Problems = ["validation-failed", .. Asked],
        },
        Of("POST", Letter + "/retries", "retryDeadLetter", "Have a dead letter tried again") with
        {
            Description = "Within seconds, by whichever node has the work, read and handled as it is today. Asked twice it is tried once. A failed message may be replaced by another, which is checked first. "
                + "A view is tried at once: if it would stop at the event again, that is the answer.",
            Parameters = [ApiParameters.LetterId],
            Body = nameof(RetryRequest),
            BodyExample = """{"message":{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"}}""",
            Answers = [new(202, "It is tried again.", nameof(DeadLetter), Treated("Retried", ""))],
            Problems = [.. WithBody, "dead-letter-not-found", "dead-letter-conflict"],
        },
        Of("POST", Letters + "/retries", "retryDeadLetters", "Have many dead letters tried again") with
        {
            Description = "Either those that are named, or those that wait and are of a kind or type, at most 1,000 at once; each on its own. With `dryRun`, only which they are.",
            Body = nameof(RetriesRequest),
            BodyIsRequired = true,
            BodyExample = """{"kind":"Message","type":"abandon_order","dryRun":true}""",
            Answers = [new(200, "What became, or would become, of each.", nameof(ManyOutcomes), """{"dryRun":true,"items":[{"id":"message-01a20b21-9199-7c27-913f-90b0c6b610c9","state":"Waiting"}],"more":false}""")],
            Problems = WithBody,
        },
        Of("POST", Letter + "/discards", "discardDeadLetter", "Give a dead letter up for good") with
        {
            Description = "A message is never handled; a delivery is left out, and those that wait behind it go on; a view goes on without the event, for ever. Who said so and why is kept.",
            Parameters = [ApiParameters.LetterId],
            Body = nameof(DiscardRequest),
            BodyIsRequired = true,
            BodyExample = """{"reason":"the order was settled by hand"}""",
            Answers = [new(200, "It is given up.", nameof(DeadLetter), Treated("Discarded", ""","reason":"the order was settled by hand" """))],
            Problems = [.. WithBody, "dead-letter-not-found", "dead-letter-conflict"],
        },
    ];

    static string Treated(string state, string reason) =>
        Shown.TrimEnd()[..^1].Replace("Waiting", state, StringComparison.Ordinal) + $$$""","treatment":{"by":"ops@example.org","at":"2026-01-31T12:30:00Z"{{{reason}}}}}""";

    static ApiOperation Of(string method, string path, string id, string summary) => new(method, path, id, summary, Scopes.Operations) { Tag = "Operations" };
}
