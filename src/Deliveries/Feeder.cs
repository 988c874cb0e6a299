using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;
using OrderMonolith.Contracts;

namespace OrderMonolith.Deliveries;

/// <summary>Follows the events and notes, for each, to whom it has to go: in the transaction that notes how far it came, so no event is forgotten and none is noted twice.</summary>
public sealed class Feeder : SubscriptionBase
{
    /// <summary>The name of its progress.</summary>
    public const string Subscription = "outward";

    /// <summary>The channel on which nodes hear that there is something new.</summary>
    public const string Channel = "outward";

    /// <summary>The row of its progress.</summary>
    internal static string Shard { get; } = new ShardName(Subscription, ShardName.All, 1).Identity;

    /// <summary>Pins name and version.</summary>
    public Feeder() => (Name, Version, IncludeArchivedEvents) = (Subscription, 1, true);

    /// <inheritdoc />
    public override Task<IChangeListener> ProcessEventsAsync(EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        var events = page.Events.Where(e => Translation.NamesByEvent.ContainsKey(e.EventType)).ToList();
        if (events.Count > 0)
        {
            operations.QueueSqlCommand("""
                insert into outward.deliveries (target, order_id, version, sequence, type, due, attempts)
                select t.name, e.order_id, e.version, e.sequence, e.type, now(), 0
                from unnest(?, ?, ?, ?) e(order_id, version, sequence, type)
                join outward.targets t on e.sequence > t.after and (t.types = '{}' or e.type = any(t.types))
                on conflict do nothing
                """,
                events.Select(e => e.StreamId).ToArray(),
                events.Select(e => e.Version).ToArray(),
                events.Select(e => e.Sequence).ToArray(),
                events.Select(e => Translation.NamesByEvent[e.EventType]).ToArray());
            operations.QueueSqlCommand($"notify {Channel}");
        }

        return Task.FromResult<IChangeListener>(NullChangeListener.Instance);
    }
}
