using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Marten;
using Microsoft.Net.Http.Headers;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Commands;

/// <summary>From a request to a command and from its outcome to an answer: the one edge between HTTP and the runner.</summary>
public static class CommandRequest
{
    /// <summary>Runs a command as the request's headers ask, and answers with the order after it.</summary>
    public static async Task<IResult> Answer(this CommandRunner runner, HttpContext http, Guid orderId, IOrderCommand command)
    {
        var (caller, minimal) = (Caller.Of(http), Minimal(http));
        var key = CommandKey.Of(http, caller, minimal);
        var cause = new Cause(caller.Actor, http.Request.Headers["Idempotency-Key"] is [{ } causation] ? causation : http.TraceIdentifier, Problems.TraceId(http));
        var epoch = await http.RequestServices.GetRequiredService<StoreEpoch>().Current(http.RequestAborted);
        var outcome = await runner.Run(new(orderId, command, cause, caller.CustomerId, IfMatch(http, command), key));
        if (outcome.Repeated is not { } before) return new CommandAnswer(outcome, epoch, command is CreateOrder, minimal);

        http.Response.Headers["Idempotent-Replayed"] = "true";
        await using var session = http.RequestServices.GetRequiredService<IDocumentStore>().QuerySession();
        return new CommandAnswer(await before.Restore(session), epoch, before.Created, before.Minimal);
    }

    /// <summary>The versions that If-Match names; null where any will do. A weak or foreign tag names none.</summary>
    static ImmutableArray<long>? IfMatch(HttpContext http, IOrderCommand command)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0) return null;
        if (command is CreateOrder) throw QueryParameters.Wrong("If-Match", "does not fit a new order");
        if (!EntityTagHeaderValue.TryParseStrictList(header!, out var tags)) throw QueryParameters.Wrong("If-Match", "must be a quoted version or *");
        if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any))) return null;
        return [.. tags.Where(tag => !tag.IsWeak).Select(Version).OfType<long>()];
    }

    static long? Version(EntityTagHeaderValue tag) =>
        long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) && tag.Tag == Tag(version) ? version : null;

    /// <summary>The entity tag of a version of an order.</summary>
    internal static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Whether the caller prefers no body. Of a preference that is given twice the first counts (RFC 7240).</summary>
    static bool Minimal(HttpContext http) => NameValueHeaderValue.TryParseList(http.Request.Headers["Prefer"], out var preferences)
        && preferences.FirstOrDefault(p => p.Name.Equals("return", StringComparison.OrdinalIgnoreCase))?.Value.Equals("minimal", StringComparison.OrdinalIgnoreCase) is true;
}

/// <summary>The answer to a command: the order after it, or the problem.</summary>
public sealed class CommandAnswer(Outcome outcome, Guid epoch, bool created, bool minimal) : IResult
{
    /// <inheritdoc />
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (outcome.Order is not { } order)
        {
            var conflict = Problems.Kinds[outcome.Rejection!.Code].Status is 409 or 412;
            await Problems.Write(httpContext, outcome.Rejection.Code, outcome.Rejection.Message, currentVersion: conflict ? outcome.CurrentVersion : null);
            return;
        }

        var response = httpContext.Response;
        response.Headers.ETag = CommandRequest.Tag(order.Version);
        response.Headers["Consistency-Token"] = new ConsistencyToken(epoch, outcome.Position ?? 0).ToString();
        if (created) response.Headers.Location = $"/v1/orders/{order.Id}";
        response.StatusCode = created ? 201 : minimal ? 204 : 200;
        if (minimal)
        {
            response.Headers["Preference-Applied"] = "return=minimal";
            return;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(order, Json.Stored);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}
