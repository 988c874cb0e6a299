using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using OrderMonolith.Orders;

namespace OrderMonolith.Http;

/// <summary>A kind of problem: what its code means, on the wire and for people.</summary>
/// <param name="Code">Stable name; callers branch on it.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">The kind in a few words.</param>
/// <param name="Help">What it means and what to do, for the page at <c>/problems/{code}</c>.</param>
/// <param name="RetryAfter">Seconds after which trying again makes sense, where it does.</param>
public sealed record ProblemKind(string Code, int Status, string Title, string Help, int? RetryAfter = null);

/// <summary>A problem as it is answered (RFC 9457).</summary>
/// <param name="Type">Address of the page that explains this kind of problem.</param>
/// <param name="Code">Stable name of the kind; branch on it.</param>
/// <param name="Title">The kind in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What it was this time, for people.</param>
/// <param name="TraceId">W3C trace id of the request: name it when you report the problem.</param>
/// <param name="Errors">What is wrong with which member of the body, query parameter or header.</param>
/// <param name="CurrentVersion">The version that the order has, where the command did not fit it.</param>
public sealed record Problem(
    string Type,
    string Code,
    string Title,
    int Status,
    string Detail,
    string TraceId,
    IReadOnlyDictionary<string, string[]>? Errors = null,
    long? CurrentVersion = null);

/// <summary>A request that ends in a problem.</summary>
public class ProblemException(string code, string detail, IReadOnlyDictionary<string, string[]>? errors = null) : Exception(detail)
{
    /// <summary>Which kind.</summary>
    public string Code => code;

    /// <summary>What is wrong with which member of the body, query parameter or header.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors => errors;

    /// <summary>There is no such order, or none that the caller may see.</summary>
    public static ProblemException OrderNotFound => new(Rejections.OrderNotFound.Code, Rejections.OrderNotFound.Message);

    /// <summary>A <c>validation-failed</c> that one query parameter or header makes.</summary>
    /// <param name="name">Which.</param>
    /// <param name="fault">What is wrong with it, to be read behind its name.</param>
    public static ProblemException Wrong(string name, string fault) =>
        new("validation-failed", $"{name} {fault}.", new Dictionary<string, string[]> { [name] = [fault] });
}

/// <summary>Every problem that a request can end in, and the one way to say so (RFC 9457).</summary>
public static class Problems
{
    /// <summary>The header that names the trace in every answer.</summary>
    public const string TraceHeader = "Trace-Id";

    /// <summary>All kinds, by code.</summary>
    public static FrozenDictionary<string, ProblemKind> Kinds { get; } = new ProblemKind[]
    {
        new("malformed-request", 400, "The request cannot be read", "The body is not JSON of the expected shape (syntax, encoding, a wrong JSON type, a number out of any range), or the request itself is broken. Nothing was done. Correct the request."),
        new("validation-failed", 400, "A value is not allowed", "The request can be read, but has an unknown member or parameter, lacks one, or breaks a bound; 'errors' says which. Nothing was done. Correct the request."),
        new("consistency-token-unknown", 400, "The token is of no use here", "The Consistency-Token, or the position in the feed, is none of this store's, or the database was restored since it was given. Read without it."),
        new("unauthenticated", 401, "Who are you?", "The request needs a valid bearer token. Send one in the Authorization header."),
        new("forbidden", 403, "Not allowed", "The token lacks the scope that this request needs, or names another customer."),
        new("order-not-found", 404, "No such order", "There is no order with this id, or it is another customer's."),
        new("item-not-in-order", 404, "No such product in the order", "The product to remove is not in the order."),
        new("projection-not-found", 404, "No such view", "There is no view of this name, or no such rebuild of it. GET /v1/ops/projections lists the views."),
        new("webhook-not-found", 404, "No such webhook", "There is no webhook with this id. GET /v1/webhooks lists them."),
        new("delivery-not-found", 404, "No such delivery", "Nothing is known of this event at this webhook: it was not sent there, does not wait to be, or is too long ago. POST …/replays sends what happened before."),
        new("dead-letter-not-found", 404, "No such dead letter", "There is no dead letter with this id. GET /v1/ops/dead-letters lists those that wait."),
        new("route-not-found", 404, "No such page", "Nothing is served at this address. The API is described at /openapi/v1.json and /docs."),
        new("method-not-allowed", 405, "Method not allowed", "The address exists, but not for this method; the Allow header lists those it has."),
        new("order-already-exists", 409, "The order exists already", "An order id is used once. If this was a retry, read the order: the first attempt worked."),
        new("order-not-pending", 409, "The order no longer changes", "Items change only while the order is Pending, and only a Pending order is confirmed."),
        new("order-is-empty", 409, "The order is empty", "Add an item before confirming."),
        new("not-enough-items", 409, "Not so many units", "The order holds fewer units of the product than were to be removed. Read the order and decide again."),
        new("order-too-large", 409, "The order is too large", "An order holds at most 5,000 lines, and a line at most 1,000,000 units."),
        new("concurrent-change", 409, "Others were faster", "Others kept changing the order while the command was tried several times. Nothing was done. Try again."),
        new("dead-letter-conflict", 409, "The letter is no longer so", "Somebody decided otherwise about the letter, or what was asked for would fail again; 'detail' says which. Nothing was done."),
        new("rebuild-under-way", 409, "Another rebuild is under way", "A rebuild of the view is under way that may do something else than what was asked for. Let it end, or call it off first."),
        new("too-many-webhooks", 409, "Too many webhooks", "There are at most 1,000 webhooks. Remove one that is no longer needed."),
        new("idempotency-key-in-use", 409, "The first request is still running", "A request with this Idempotency-Key is still running. Try again after Retry-After seconds: then its outcome is answered.", 1),
        new("version-conflict", 412, "The order has changed", "If-Match names another version than the order has; 'currentVersion' is the one it has. Read the order and decide on that."),
        new("request-too-large", 413, "The request is too large", "A body holds at most 1 MB."),
        new("unsupported-media-type", 415, "Not JSON", "Send bodies as application/json in UTF-8."),
        new("idempotency-key-reused", 422, "The key was used before", "The Idempotency-Key came with another request before. Nothing was done. Use a new key for a new request."),
        new("too-many-requests", 429, "Too many requests", "Slow down; Retry-After says for how long.", 1),
        new("internal-error", 500, "A defect", "This is our mistake. Please report the traceId. Whether the request had an effect can be seen by reading the order."),
        new("projection-behind", 503, "The view is behind", "The view does not hold yet what was asked for. Try again after Retry-After seconds.", 1),
        new("query-too-slow", 503, "The question takes too long", "The database was not done with this question in the time that it is given. Ask for less, such as a shorter period or other filters; the same question may succeed when there is less to do.", 5),
        new("storage-unavailable", 503, "The database does not answer", "The database cannot be reached or did not answer in time. A command may or may not have had its effect: read the order before trying again.", 5),
        new("server-busy", 503, "The service is busy", "Too many commands are waiting, or too many questions over many orders are being answered. Nothing was done. Try again after Retry-After seconds.", 1),
    }.ToFrozenDictionary(kind => kind.Code);

    /// <summary>Answers with a problem.</summary>
    public static Task Write(
        HttpContext http, string code, string? detail = null, IReadOnlyDictionary<string, string[]>? errors = null, long? currentVersion = null)
    {
        var kind = Kinds[code];
        http.Response.StatusCode = kind.Status;
        if (kind.RetryAfter is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var problem = new Problem(AddressOf(code), code, kind.Title, kind.Status, detail ?? kind.Help, TraceId(http), errors, currentVersion);
        return http.Response.WriteAsJsonAsync(problem, Json.Stored, "application/problem+json");
    }

    /// <summary>Where a kind of problem is explained.</summary>
    public static string AddressOf(string code) => $"/problems/{code}";

    /// <summary>The trace that the request belongs to: W3C trace context where the caller sent one that can be read, else one of its own.</summary>
    public static string TraceId(HttpContext http) => Activity.Current?.TraceId is { } trace && trace != default
        ? trace.ToHexString()
        : (string)(http.Items[TraceHeader] ??= ActivityTraceId.CreateRandom().ToHexString());
}
