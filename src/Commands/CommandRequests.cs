using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using JasperFx;
using Marten;
using Microsoft.Net.Http.Headers;
using OrderMonolith.History;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Commands;

/// <summary>From a request to a command and from its outcome to an answer: the one edge between HTTP and the runner.</summary>
public sealed class CommandRequests(CommandRunner runner, IDocumentStore store, StoreEpoch epoch, TimeProvider clock)
{
    const string DryRun = "dryRun";

    /// <summary>Runs a command, or only tries it, as the request asks, and answers with the order after it.</summary>
    public async Task<IResult> Answer(HttpContext http, Guid orderId, IOrderCommand command)
    {
        var (caller, minimal) = (Caller.Of(http), Minimal(http));
        var cause = new Cause(caller.Actor, http.Request.Headers["Idempotency-Key"] is [{ } causation] ? causation : http.TraceIdentifier, Problems.TraceId(http));
        var envelope = new CommandEnvelope(orderId, command, cause, caller.CustomerId, IfMatch(http, command));
        if (QueryParameters.Of(http, DryRun, "quantity").Choice(DryRun, "true", "false") is "true") return await Try(envelope);

        envelope = envelope with { Key = CommandKey.Of(http, caller, minimal) };
        var (now, outcome) = (await epoch.Current(http.RequestAborted), await runner.Run(envelope));
        if (outcome.Repeated is not { } before) return new CommandAnswer(outcome, now, command is CreateOrder, minimal);

        http.Response.Headers["Idempotent-Replayed"] = "true";
        await using var session = store.QuerySession();
        return new CommandAnswer(await before.Restore(session), now, before.Created, before.Minimal);
    }

    /// <summary>Decides on the order as it is, and writes nothing. Keys do not matter: there is nothing that could happen twice.</summary>
    async Task<IResult> Try(CommandEnvelope envelope)
    {
        if (envelope.OrderId == Guid.Empty) return new CommandAnswer(Outcome.Refused(Rejections.OrderNotFound));
        await using var session = store.IdentitySession();
        var order = (await OpenOrder.Fetch(session, [envelope.OrderId]))[envelope.OrderId];
        var outcome = Decided(order, envelope);
        return outcome.Order is null
            ? new CommandAnswer(outcome)
            : Results.Json(new DryRunAnswer(outcome.Order, [.. order.Facts.Select(fact => NewEvent.Of(AuditTrail.NameOf(store, fact.GetType()), fact))]), Json.Stored);
    }

    /// <summary>What is decided. Somebody may have been faster while the order was fetched.</summary>
    Outcome Decided(OpenOrder order, CommandEnvelope envelope)
    {
        try
        {
            return order.Run(envelope, clock.GetUtcNow());
        }
        catch (ConcurrencyException)
        {
            return Outcome.Refused(Rejections.ConcurrentChange);
        }
    }

    /// <summary>The versions that If-Match names; null where any will do. A weak or foreign tag names none.</summary>
    static ImmutableArray<long>? IfMatch(HttpContext http, IOrderCommand command)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0) return null;
        if (command is CreateOrder) throw ProblemException.Wrong("If-Match", "does not fit a new order");
        if (!EntityTagHeaderValue.TryParseStrictList(header!, out var tags)) throw ProblemException.Wrong("If-Match", "must be a quoted version or *");
        if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any))) return tags.Count == 1 ? null : throw ProblemException.Wrong("If-Match", "must be either versions or *");
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

/// <summary>What a command would lead to.</summary>
/// <param name="Order">The order as it would be.</param>
/// <param name="Events">What would be appended.</param>
public sealed record DryRunAnswer(Order Order, IReadOnlyList<NewEvent> Events);

/// <summary>The answer to a command: the order after it, or the problem.</summary>
public sealed class CommandAnswer(Outcome outcome, Guid epoch = default, bool created = false, bool minimal = false) : IResult
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
        response.Headers.ETag = CommandRequests.Tag(order.Version);
        response.Headers["Consistency-Token"] = new ConsistencyToken(epoch, outcome.Place ?? default).ToString();
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
