using NpgsqlTypes;
using OrderMonolith.Contracts;

namespace OrderMonolith.Deliveries;

/// <summary>An attempt of which it is kept what went over the wire.</summary>
/// <param name="Id">Its own id, a UUIDv7.</param>
/// <param name="Event">What was to be delivered.</param>
/// <param name="Number">Which attempt at it, from 1.</param>
/// <param name="At">When it began.</param>
/// <param name="Why">What went wrong; null where it was delivered.</param>
/// <param name="Exchange">What went over the wire.</param>
public sealed record KeptAttempt(Guid Id, PublicEvent Event, int Number, DateTimeOffset At, string? Why, Exchange Exchange)
{
    /// <summary>Keeps several of a target, <c>$1</c>.</summary>
    internal const string Insert = """
        insert into outward.attempts (target, id, event_id, type, order_id, version, number, at, took_ms, delivered, why, status, request, response)
        select $1, id, event_id, type, order_id, version, number, at, took_ms, why is null, why, status, request, response
        from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) a(id, event_id, type, order_id, version, number, at, took_ms, why, status, request, response)
        """;

    /// <summary>The values for <see cref="Insert"/>.</summary>
    internal static (NpgsqlDbType Type, Array Values)[] Columns(IReadOnlyList<KeptAttempt> kept) =>
    [
        (NpgsqlDbType.Uuid, kept.Select(a => a.Id).ToArray()),
        (NpgsqlDbType.Uuid, kept.Select(a => a.Event.Id).ToArray()),
        (NpgsqlDbType.Text, kept.Select(a => a.Event.Type).ToArray()),
        (NpgsqlDbType.Uuid, kept.Select(a => a.Event.OrderId).ToArray()),
        (NpgsqlDbType.Bigint, kept.Select(a => a.Event.Version).ToArray()),
        (NpgsqlDbType.Integer, kept.Select(a => a.Number).ToArray()),
        (NpgsqlDbType.TimestampTz, kept.Select(a => a.At.UtcDateTime).ToArray()),
        (NpgsqlDbType.Integer, kept.Select(a => (int)a.Exchange.Took.TotalMilliseconds).ToArray()),
        (NpgsqlDbType.Text, kept.Select(a => a.Why).ToArray()),
        (NpgsqlDbType.Integer, kept.Select(a => a.Exchange.Status).ToArray()),
        (NpgsqlDbType.Text, kept.Select(a => a.Exchange.Request).ToArray()),
        (NpgsqlDbType.Text, kept.Select(a => a.Exchange.Response).ToArray()),
    ];
}
