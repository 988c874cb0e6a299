using System.Runtime.CompilerServices;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using OrderMonolith.Orders;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.History;

/// <summary>An event and the order it happened to.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Event">The event.</param>
public sealed record FoundEvent(Guid OrderId, PastEvent Event);

/// <summary>Which events to look for, of all orders; what is left out does not matter.</summary>
/// <param name="Correlation">The trace they belong to.</param>
/// <param name="Causation">What led to them.</param>
/// <param name="Actor">Who caused them.</param>
/// <param name="Since">The first moment that counts.</param>
/// <param name="Until">The first moment that no longer counts.</param>
public sealed record EventSearch(string? Correlation = null, string? Causation = null, string? Actor = null, DateTimeOffset? Since = null, DateTimeOffset? Until = null)
{
    const int PageSize = 1_000;

    /// <summary>Finds them in the order in which they were stored, archived ones too, page by page.</summary>
    public async IAsyncEnumerable<FoundEvent> In(IDocumentStore store, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var (after, more) = (0L, true); more;)
        {
            await using var session = store.QuerySession(new SessionOptions { Timeout = 600 });
            var events = session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived() && e.Sequence > after);
            if (Correlation is { } correlation) events = events.Where(e => e.CorrelationId == correlation);
            if (Causation is { } causation) events = events.Where(e => e.CausationId == causation);
            if (Actor is { } actor) events = events.Where(e => e.UserName == actor);
            if (Since is { } since) events = events.Where(e => e.Timestamp >= since);
            if (Until is { } until) events = events.Where(e => e.Timestamp < until);
            var page = await events.OrderBy(e => e.Sequence).Take(PageSize).ToListAsync(cancellation);
            List<IEvent> facts = [.. page.Where(e => e.Data is OrderEvent)];
            foreach (var (e, read) in facts.Zip(await AuditTrail.Read(session, facts))) yield return new(e.StreamId, read);
            (after, more) = (page.Count > 0 ? page[^1].Sequence : after, page.Count == PageSize);
        }
    }
}
