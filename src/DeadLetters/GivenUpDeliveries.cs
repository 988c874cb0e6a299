using System.Globalization;
using System.Text.Json;
using Marten;
using Marten.Exceptions;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.DeadLetters;

/// <summary>Deliveries that were given up. What waits behind one goes on when it is tried again, or left out.</summary>
public sealed class GivenUpDeliveries(PublicEvents events) : ILetters
{
    /// <inheritdoc />
    public LetterKind Kind => LetterKind.Delivery;

    /// <inheritdoc />
    public async Task<LetterTally> Tally(IQuerySession session) => (await session.Find(
        "select count(*), max(given_up_at) from outward.deliveries where given_up_at is not null", row => new LetterTally(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1))))[0];

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeadLetter>> Page(IQuerySession session, LetterPlace behind, string? type, int limit)
    {
        var (target, order, _) = behind.Key is { Length: > 0 } key && Place(key) is { } place ? place : default;
        var found = await GivenUp.Find(session,
            "(d.given_up_at > $1 or (d.given_up_at = $1 and $2 and (d.target, d.order_id) > ($3, $4))) and ($5 = '' or d.type = $5)",
            [behind.At, behind.Key is not null, target ?? "", order, type ?? ""], limit);
        return [.. found.Select(Shown)];
    }

    /// <inheritdoc />
    public async Task<DeadLetter?> Find(IQuerySession session, string key, CancellationToken cancellation)
    {
        if (await At(session, key) is not { } delivery) return null;
        var message = await Told(delivery.Sequence, cancellation);
        var trace = message is { } e && e.TryGetProperty("traceparent", out var parent) && parent.GetString()?.Split('-') is [_, var id, ..] ? id : null;
        return Shown(delivery) with { Message = message, TraceId = trace };
    }

    /// <inheritdoc />
    public async Task Retry(IDocumentSession session, string key, JsonElement? edited, CancellationToken cancellation)
    {
        if (edited is not null) throw ProblemException.Wrong("message", "cannot be another: a delivery brings what happened");
        if (await At(session, key) is { } delivery) delivery.Retry(session);
    }

    /// <inheritdoc />
    public async Task Discard(IDocumentSession session, string key, Treatment treatment, CancellationToken cancellation)
    {
        if (await At(session, key) is { } delivery) delivery.Discard(session);
    }

    static async Task<GivenUp?> At(IQuerySession session, string key) => Place(key) is var (target, order, version)
        ? (await GivenUp.Find(session, "d.target = $1 and d.order_id = $2 and d.version = $3", [target, order, version], 1)).SingleOrDefault()
        : null;

    /// <summary>The CloudEvent; null where this version of the service cannot read the event.</summary>
    async Task<JsonElement?> Told(long sequence, CancellationToken cancellation)
    {
        try
        {
            return await events.At([sequence], cancellation) is [var e] ? JsonElement.Parse(e.Json.Span) : null;
        }
        catch (Exception e) when (e is UnknownEventTypeException or EventDeserializationFailureException)
        {
            return null;
        }
    }

    static DeadLetter Shown(GivenUp delivery) => new(
        DeadLetter.IdOf(LetterKind.Delivery, string.Create(CultureInfo.InvariantCulture, $"{delivery.Target}-{delivery.OrderId}-{delivery.Version}")),
        LetterKind.Delivery, delivery.Type, delivery.At, delivery.Why ?? "It was given up.")
    {
        OrderId = delivery.OrderId,
        Target = delivery.Target,
        Attempts = delivery.Attempts,
    };

    static (string Target, Guid Order, long Version)? Place(string key)
    {
        const int LengthOfId = 36;
        var version = key.LastIndexOf('-');
        var order = version - LengthOfId;
        return order > 1 && key[order - 1] == '-' && Guid.TryParseExact(key[order..version], "D", out var id)
            && long.TryParse(key.AsSpan(version + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (key[..(order - 1)], id, number) : null;
    }
}
