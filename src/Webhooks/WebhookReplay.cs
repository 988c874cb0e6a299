using System.ComponentModel.DataAnnotations;
using Marten;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.Webhooks;

/// <summary>A stretch of the past that is to be sent to a webhook, once more where it was already: all behind a sequence, or all since a time.</summary>
/// <param name="AfterSequence">The events behind this place in the store's history, as an order's events name it; 0 for all.</param>
/// <param name="Since">The events that happened at this time or later.</param>
/// <param name="Types">Only events of these types; of those that the webhook wants when absent.</param>
public sealed record WebhookReplay(
    [property: Range(0, (double)long.MaxValue, ErrorMessage = "must be 0 or more")] long? AfterSequence = null,
    DateTimeOffset? Since = null,
    [property: EventTypes] IReadOnlyList<string>? Types = null)
{
    /// <summary>Has the events be sent that have been published by now; those behind come by themselves.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>: it is not said from where on, or twice.</exception>
    public async Task<ReplayedEvents> Of(Webhook webhook, IDocumentStore store, Published published, CancellationToken cancellation)
    {
        if (AfterSequence is null == Since is null) throw ProblemException.Wrong("afterSequence", "must be given, or else since, and not both");
        var (types, after, since, upTo) = (Types ?? webhook.Types, AfterSequence ?? 0, (Since ?? DateTimeOffset.UnixEpoch).ToUniversalTime(), await published.Ask(cancellation));
        await using var session = store.LightweightSession();
        var stored = store.Options.Events.AllKnownEventTypes()
            .Where(e => Translation.NamesByEvent.TryGetValue(e.EventType, out var told) && (types.Count == 0 || types.Contains(told))).Select(e => e.EventTypeName);
        var count = await session.Value<long>(
            "select count(*) from events.mt_events where seq_id > $1 and seq_id <= $2 and timestamp >= $3 and type = any(string_to_array($4, ','))", after, upTo, since.UtcDateTime, string.Join(',', stored));
        session.Replay(webhook.Id.ToString(), types, after, since, upTo);
        await session.SaveChangesAsync(cancellation);
        return new(count);
    }
}

/// <summary>What is sent once more.</summary>
/// <param name="Events">How many events.</param>
public sealed record ReplayedEvents(long Events);
