using System.Net.Mime;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Extensions;
using CloudNative.CloudEvents.SystemTextJson;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Microsoft.Extensions.Caching.Memory;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Contracts;

/// <summary>Events of the store as the world outside gets them.</summary>
/// <remarks>
/// Nothing of it is stored: an event is told from the order's history up to it, so it reads alike however often it is told. What an order had come to when it was last
/// told of is remembered for a while, so that an order with a long history is not folded again for each event.
/// </remarks>
public sealed class PublicEvents(IDocumentStore store, StoreEpoch epoch) : IDisposable
{
    /// <summary>Lines of orders that are remembered, in all; some 200 bytes each.</summary>
    const int MostLinesKept = 100_000;

    static readonly CloudEventAttribute Position = CloudEventAttribute.CreateExtension("position", CloudEventAttributeType.String);
    static readonly CloudEventAttribute TraceParent = CloudEventAttribute.CreateExtension("traceparent", CloudEventAttributeType.String);
    static readonly JsonEventFormatter Formatter = new(Json.Stored, default);

    readonly MemoryCache told = new(new MemoryCacheOptions { SizeLimit = MostLinesKept });

    /// <summary>The events of a stretch of the store's history, in order.</summary>
    /// <param name="after">Those behind this sequence.</param>
    /// <param name="upTo">The last that counts.</param>
    /// <param name="limit">Most of them.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The events, and the sequence of the last event that was looked at: not every one is told of.</returns>
    public async Task<(IReadOnlyList<PublicEvent> Events, long SeenTo)> Between(long after, long upTo, int limit, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.Sequence > after && e.Sequence <= upTo)
            .OrderBy(e => e.Sequence).Take(limit)
            .ToListAsync(cancellation);
        return (await Tell(session, events, cancellation), events.Count == limit ? events[^1].Sequence : upTo);
    }

    /// <summary>The events that stand at some places, in order.</summary>
    public async Task<IReadOnlyList<PublicEvent>> At(long[] sequences, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.Sequence.IsOneOf(sequences))
            .OrderBy(e => e.Sequence)
            .ToListAsync(cancellation);
        return await Tell(session, events, cancellation);
    }

    /// <inheritdoc />
    public void Dispose() => told.Dispose();

    async Task<IReadOnlyList<PublicEvent>> Tell(IQuerySession session, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var store = await epoch.Current(cancellation);
        var orders = events.Where(e => e.Data is OrderEvent).GroupBy(e => e.StreamId).Select(wanted => (Begin: Begin(wanted.First()), Wanted: wanted.OrderBy(e => e.Version).ToList())).ToList();
        var lacking = await Lacking(session, [.. orders.Where(order => order.Begin.Version + order.Wanted.Count < order.Wanted[^1].Version)], cancellation);

        var tellings = new Dictionary<long, PublicEvent>(events.Count);
        foreach (var (begin, wanted) in orders)
        {
            var left = new Queue<IEvent>(wanted);
            var order = begin;
            foreach (var e in lacking.Contains(begin.Id) ? lacking[begin.Id].Where(e => e.Version > begin.Version && e.Version <= wanted[^1].Version) : wanted)
            {
                var before = order;
                order = order.After((OrderEvent)e.Data, e.Timestamp);
                if (left.Peek().Sequence == e.Sequence) tellings.Add(e.Sequence, Public(left.Dequeue(), Translation.Tell(before, (OrderEvent)e.Data, order), store));
            }

            told.Set(order.Id, order, new MemoryCacheEntryOptions { Size = 1 + order.Lines.Count, SlidingExpiration = TimeSpan.FromMinutes(10) });
        }

        return [.. events.Where(e => tellings.ContainsKey(e.Sequence)).Select(e => tellings[e.Sequence])];
    }

    /// <summary>What is known of an order before an event.</summary>
    Order Begin(IEvent e) => told.TryGetValue(e.StreamId, out Order? known) && known!.Version < e.Version ? known : new Order { Id = e.StreamId };

    /// <summary>All events of some orders from where they are known to the last that is wanted.</summary>
    static async Task<ILookup<Guid, IEvent>> Lacking(IQuerySession session, List<(Order Begin, List<IEvent> Wanted)> orders, CancellationToken cancellation)
    {
        if (orders.Count == 0) return Enumerable.Empty<IEvent>().ToLookup(e => e.StreamId);
        Guid[] ids = [.. orders.Select(order => order.Begin.Id)];
        var (from, to) = (orders.Min(order => order.Begin.Version), orders.Max(order => order.Wanted[^1].Version));
        var events = await session.Events.QueryAllRawEvents()
            .Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(ids) && e.Version > from && e.Version <= to)
            .OrderBy(e => e.StreamId).ThenBy(e => e.Version)
            .ToListAsync(cancellation);
        return events.Where(e => e.Data is OrderEvent).ToLookup(e => e.StreamId);
    }

    static PublicEvent Public(IEvent e, OrderContract contract, Guid store)
    {
        var type = Translation.Names[contract.GetType()];
        var cloudEvent = new CloudEvent
        {
            Id = e.Id.ToString(),
            Source = new Uri($"urn:uuid:{store}"),
            Type = type,
            Subject = e.StreamId.ToString(),
            Time = e.Timestamp,
            DataContentType = MediaTypeNames.Application.Json,
            Data = contract,
            [Position] = new ConsistencyToken(store, new EventPlace(e.Sequence, e.Id)).ToString(),
            [TraceParent] = TraceOf(e),
        };
        cloudEvent.SetSequence(checked((int)e.Version));
        return new(e.Id, type, e.StreamId, e.Version, e.Sequence, e.Timestamp, Formatter.EncodeStructuredModeMessage(cloudEvent, out _));
    }
    /// <summary>The trace that caused the event (W3C trace context), so that what is done about it joins it. Of the event itself as a span only the id is known: a part of its own.</summary>
    static string? TraceOf(IEvent e) => e.CorrelationId is { Length: 32 } trace && trace.All(char.IsAsciiHexDigitLower) ? $"00-{trace}-{e.Id.ToString("N")[16..]}-01" : null;
}
