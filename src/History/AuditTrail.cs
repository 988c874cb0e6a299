using System.Text.Json;
using System.Text.Json.Serialization;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Npgsql;
using OrderMonolith.Orders;

namespace OrderMonolith.History;

/// <summary>One thing that happened to an order.</summary>
/// <param name="Version">Its place in the order's history, from 1.</param>
/// <param name="Sequence">Its place in the store's history.</param>
/// <param name="Id">Its own id.</param>
/// <param name="Type">What kind of thing it is, as it is called today.</param>
/// <param name="Data">What it tells, as it is read today.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Actor">Who caused it: a token's subject, <c>anonymous</c>, <c>import</c> or <c>system</c>.</param>
/// <param name="CorrelationId">W3C trace id of the request or run.</param>
/// <param name="CausationId">What led to it: an Idempotency-Key, a message's id, a reference of an import, else an id of the request.</param>
/// <param name="Stored">How it was stored, where that reads otherwise today.</param>
public sealed record PastEvent(
    long Version, long Sequence, Guid Id, string Type, JsonElement Data, DateTimeOffset Timestamp, string? Actor, string? CorrelationId, string? CausationId, StoredEvent? Stored = null);

/// <summary>An event as it lies in the store.</summary>
/// <param name="Type">What it was called when it was stored.</param>
/// <param name="Data">What was stored.</param>
public sealed record StoredEvent(string Type, JsonElement Data);

/// <summary>An event that is not stored.</summary>
/// <param name="Type">What kind of thing would happen.</param>
/// <param name="Data">What it would tell.</param>
public sealed record NewEvent(string Type, JsonElement Data)
{
    /// <summary>A fact under its name.</summary>
    public static NewEvent Of(string type, OrderEvent fact) => new(type, JsonSerializer.SerializeToElement(fact, fact.GetType(), Json.Stored));
}

/// <summary>A page of what happened to an order.</summary>
/// <param name="Items">In order.</param>
/// <param name="Next">What to send as <c>after</c> for the next page; null at the end.</param>
public sealed record AuditTrailPage(IReadOnlyList<PastEvent> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Next);

/// <summary>What happened to orders, who did it and from what, as it was stored.</summary>
public static class AuditTrail
{
    /// <summary>The next events of an order, archived ones too.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="orderId">The order.</param>
    /// <param name="after">The version to begin behind.</param>
    /// <param name="limit">Most events on the page.</param>
    public static async Task<AuditTrailPage> Page(IQuerySession session, Guid orderId, long after, int limit)
    {
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.StreamId == orderId && e.Version > after)
            .OrderBy(e => e.Version)
            .Take(limit + 1)
            .ToListAsync();
        var page = events.Take(limit).ToList();
        return new(await Read(session, page), events.Count > limit ? page[^1].Version : null);
    }

    /// <summary>Events as they are told, each with its stored form where that reads otherwise today.</summary>
    public static async Task<IReadOnlyList<PastEvent>> Read(IQuerySession session, IReadOnlyList<IEvent> events)
    {
        var store = session.DocumentStore;
        var stored = await Stored(session, [.. events.Where(e => e.EventTypeName != NameOf(store, e.EventType)).Select(e => e.Sequence)]);
        return [.. events.Select(e => Read(store, e, stored.GetValueOrDefault(e.Sequence)))];
    }

    static PastEvent Read(IDocumentStore store, IEvent e, StoredEvent? stored)
    {
        var data = JsonSerializer.SerializeToElement(e.Data, e.EventType, Json.Stored);
        return new(e.Version, e.Sequence, e.Id, NameOf(store, e.EventType), data, e.Timestamp, e.UserName, e.CorrelationId, e.CausationId, stored);
    }

    /// <summary>What an event is called today.</summary>
    public static string NameOf(IDocumentStore store, Type type) => ((IEventRegistry)store.Options.Events).EventMappingFor(type).EventTypeName;

    static async Task<Dictionary<long, StoredEvent>> Stored(IQuerySession session, long[] sequences)
    {
        if (sequences.Length == 0) return [];
        await using var command = new NpgsqlCommand("select seq_id, type, data from events.mt_events where seq_id = any($1)");
        command.Parameters.Add(new() { Value = sequences });
        await using var reader = await session.ExecuteReaderAsync(command);
        var stored = new Dictionary<long, StoredEvent>();
        while (await reader.ReadAsync()) stored.Add(reader.GetInt64(0), new(reader.GetString(1), JsonElement.Parse(reader.GetString(2))));
        return stored;
    }
}
