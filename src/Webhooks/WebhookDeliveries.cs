using System.Data.Common;
using System.Text.Json.Serialization;
using Marten;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.Webhooks;

/// <summary>What became of something that was sent, or is to be.</summary>
public enum DeliveryState
{
    /// <summary>It is to be sent, or to be sent again.</summary>
    Waiting,

    /// <summary>It was not taken, and is not sent again unless somebody asks for it.</summary>
    GivenUp,

    /// <summary>It was taken.</summary>
    Delivered,

    /// <summary>It was not taken.</summary>
    Failed,
}

/// <summary>One attempt, or something that waits.</summary>
/// <param name="EventId">The event: its <c>webhook-id</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Version">The order's version that the event made.</param>
/// <param name="State">What became of it.</param>
/// <param name="Attempts">Which attempt it was; of what waits, how many there were.</param>
/// <param name="At">When it was tried, or given up.</param>
/// <param name="DueAt">When what waits is sent, at the earliest, unless an earlier event of its order has to be waited for.</param>
/// <param name="Seconds">How long the attempt took.</param>
/// <param name="Status">The HTTP status of the answer, if there was one.</param>
/// <param name="Fault">What went wrong.</param>
public sealed record WebhookDelivery(
    Guid EventId, string Type, Guid OrderId, long Version, DeliveryState State, int Attempts, DateTimeOffset? At = null, DateTimeOffset? DueAt = null, double? Seconds = null, int? Status = null, string? Fault = null);

/// <summary>A page of them.</summary>
/// <param name="Items">Attempts, the latest first, or what waits, the oldest event first.</param>
/// <param name="Next">The cursor of the next page; null at the end.</param>
public sealed record WebhookDeliveryList(IReadOnlyList<WebhookDelivery> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next)
{
    const int DefaultLimit = 20;
    const int MostLimit = 200;

    const string Attempts = """
        select event_id, type, order_id, version, case when delivered then 'Delivered' else 'Failed' end, number, at, null::timestamptz, took_ms, status, why, id, 0::bigint
        from outward.attempts where target = $1 and id < $2 and $3::bigint is not null
        """;

    const string Waiting = """
        select e.id, d.type, d.order_id, d.version, case when given_up_at is null then 'Waiting' else 'GivenUp' end, attempts, given_up_at, case when given_up_at is null then due end, null::int, null::int, why, $2::uuid, d.sequence
        from outward.deliveries d join events.mt_events e on e.seq_id = d.sequence where target = $1 and d.sequence > $3
        """;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static async Task<WebhookDeliveryList> Of(HttpContext http, Guid webhook, IQuerySession session)
    {
        var query = QueryParameters.Of(http, "state", "limit", "cursor");
        var (state, limit) = (query.Choice("state", Enum.GetNames<DeliveryState>()), query.Number("limit", 1, MostLimit) ?? DefaultLimit);
        var bound = $"deliveries {webhook} {state}";
        var after = query.Text("cursor") is { } cursor ? PageCursor.Read(cursor, bound, byTime: false) : new(0m, Guid.AllBitsSet);
        var question = state switch
        {
            nameof(DeliveryState.Waiting) => $"{Waiting} and given_up_at is null order by sequence",
            nameof(DeliveryState.GivenUp) => $"{Waiting} and given_up_at is not null order by sequence",
            nameof(DeliveryState.Delivered) => $"{Attempts} and delivered order by id desc",
            nameof(DeliveryState.Failed) => $"{Attempts} and not delivered order by id desc",
            _ => $"{Attempts} order by id desc",
        };
        var rows = await session.Find($"{question} limit {limit + 1}", row => (Delivery: Read(row), Place: new PageCursor((decimal)row.GetInt64(12), row.GetGuid(11))), webhook.ToString(), after.Id, (long)(decimal)after.Key);
        return rows.Count <= limit ? new([.. rows.Select(row => row.Delivery)], null) : new([.. rows.Take(limit).Select(row => row.Delivery)], rows[limit - 1].Place.Write(bound));
    }

    static WebhookDelivery Read(DbDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetGuid(2), row.GetInt64(3), Enum.Parse<DeliveryState>(row.GetString(4)), row.GetInt32(5),
        row.Time(6), row.Time(7), row.IsDBNull(8) ? null : row.GetInt32(8) / 1000.0, row.IsDBNull(9) ? null : row.GetInt32(9), row.IsDBNull(10) ? null : row.GetString(10));
}

/// <summary>An event as far as a webhook is concerned, with what went over the wire.</summary>
/// <param name="EventId">The event: its <c>webhook-id</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Version">The order's version that the event made.</param>
/// <param name="State">What became of it. Failed: it was given up, and left out then.</param>
/// <param name="DueAt">When it is sent, if it waits.</param>
/// <param name="Request">The body that is sent each time; absent before the first attempt.</param>
/// <param name="Attempts">The latest attempts, at most 100, the latest first.</param>
public sealed record WebhookDeliveryDetails(
    Guid EventId, string Type, Guid OrderId, long Version, DeliveryState State, DateTimeOffset? DueAt, string? Request, IReadOnlyList<WebhookAttempt> Attempts)
{
    const int MostAttempts = 100;

    /// <summary>What is known of an event's deliveries to a webhook.</summary>
    /// <exception cref="ProblemException"><c>delivery-not-found</c>: it was never sent there and does not wait to be.</exception>
    public static async Task<WebhookDeliveryDetails> Find(IQuerySession session, Guid webhook, Guid eventId)
    {
        var attempts = await session.Find($"""
            select order_id, version, type, request, number, at, took_ms, status, why, response from outward.attempts where target = $1 and event_id = $2 order by id desc limit {MostAttempts}
            """,
            row => (Order: row.GetGuid(0), Version: row.GetInt64(1), Type: row.GetString(2), Request: row.GetString(3), Attempt: new WebhookAttempt(
                row.GetInt32(4), row.GetFieldValue<DateTimeOffset>(5), row.GetInt32(6) / 1000.0, row.IsDBNull(7) ? null : row.GetInt32(7), row.IsDBNull(8) ? null : row.GetString(8), row.IsDBNull(9) ? null : row.GetString(9))),
            webhook.ToString(), eventId);
        var waiting = await session.Find("""
            select d.order_id, d.version, d.type, d.given_up_at is not null, case when d.given_up_at is null then d.due end
            from outward.deliveries d join events.mt_events e on e.seq_id = d.sequence where d.target = $1 and e.id = $2
            """,
            row => (Order: row.GetGuid(0), Version: row.GetInt64(1), Type: row.GetString(2), GivenUp: row.GetBoolean(3), Due: row.Time(4)), webhook.ToString(), eventId);
        return (waiting, attempts) switch
        {
            ([var it, ..], _) => new(eventId, it.Type, it.Order, it.Version, it.GivenUp ? DeliveryState.GivenUp : DeliveryState.Waiting, it.Due, attempts.Select(a => a.Request).FirstOrDefault(), [.. attempts.Select(a => a.Attempt)]),
            (_, [var it, ..]) => new(eventId, it.Type, it.Order, it.Version, attempts.Any(a => a.Attempt.Fault is null) ? DeliveryState.Delivered : DeliveryState.Failed, null, it.Request, [.. attempts.Select(a => a.Attempt)]),
            _ => throw new ProblemException("delivery-not-found", "Nothing is known of this event at this webhook."),
        };
    }
}

/// <summary>An attempt.</summary>
/// <param name="Number">Which attempt it was, from 1; it begins again when it is asked for once more.</param>
/// <param name="At">When it began.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Status">The HTTP status of the answer, if there was one.</param>
/// <param name="Fault">What went wrong, if anything did.</param>
/// <param name="Response">The beginning of the answer's body, if there was one.</param>
public sealed record WebhookAttempt(int Number, DateTimeOffset At, double Seconds, int? Status, string? Fault, string? Response);

static class Rows
{
    /// <summary>A time, if there is one.</summary>
    public static DateTimeOffset? Time(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
