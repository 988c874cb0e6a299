using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>From a request to a command and from its outcome to an answer: the one edge between HTTP and the runner.</summary>
public static class CommandRequest
{
    /// <summary>Runs a command as the request's headers ask, and answers with the order after it.</summary>
    public static async Task<IResult> Answer(this CommandRunner runner, HttpContext http, Guid orderId, IOrderCommand command)
    {
        var caller = Caller.Of(http);
        var trace = Problems.TraceId(http);
        var envelope = new CommandEnvelope(orderId, command, new(caller.Actor, http.TraceIdentifier, trace), caller.CustomerId, IfMatch(http, command));
        return new CommandAnswer(await runner.Run(envelope), command is CreateOrder, Minimal(http));
    }

    /// <summary>The versions that If-Match names; null where any will do. A weak or foreign tag names none.</summary>
    static ImmutableArray<long>? IfMatch(HttpContext http, IOrderCommand command)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0) return null;
        if (command is CreateOrder) throw QueryParameters.Wrong("If-Match", "does not fit a new order");
        if (!EntityTagHeaderValue.TryParseStrictList(header!, out var tags)) throw QueryParameters.Wrong("If-Match", "must be a quoted version or *");
        if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any))) return tags.Count == 1 ? null : throw QueryParameters.Wrong("If-Match", "must be either versions or *");
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
public sealed class CommandAnswer(Outcome outcome, bool created, bool minimal) : IResult
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
