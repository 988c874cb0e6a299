using JasperFx.Events.Projections;
using Marten;

namespace OrderMonolith.OrderSummaries;

/// <summary>How the order summaries follow the events, <c>Inline</c> or <c>Async</c>, and the way from one to the other under live data.</summary>
/// <param name="Wanted">As <c>OrderSummaries:Lifecycle</c> says.</param>
public sealed record OrderSummaryLifecycle(ProjectionLifecycle Wanted)
{
    const string Section = "OrderSummaries";

    /// <summary>Name of the projection.</summary>
    public const string Projection = "order_summaries";

    /// <summary>The daemon goes on after the last event there is. A row that says 0 would stop it: it takes 0 for no row.</summary>
    const string StandAtHead = """
        insert into events.mt_event_progression (name, last_seq_id)
        select name, head from (select max(seq_id) head from events.mt_events) e, unnest(array['HighWaterMark', ?]) name where head > 0
        on conflict (name) do update set last_seq_id = greatest(excluded.last_seq_id, mt_event_progression.last_seq_id), last_updated = transaction_timestamp()
        """;

    /// <summary>As the settings say.</summary>
    public static OrderSummaryLifecycle Of(IConfiguration configuration) =>
        new(configuration.Read<OrderSummariesSettings>().Lifecycle is SummariesLifecycle.Async ? ProjectionLifecycle.Async : ProjectionLifecycle.Inline);

    /// <summary>Refuses to keep the summaries in one way while others keep them in another.</summary>
    /// <param name="others">Their way.</param>
    /// <exception cref="SetupException">It is another.</exception>
    public void MustAgreeWith(ProjectionLifecycle others)
    {
        if (others != Wanted)
            throw new SetupException($"{Section}:Lifecycle is {Wanted}, but others use this database with {others}. Stop them first, then start with the new setting.");
    }

    /// <summary>Has the summaries follow the events from here on. Nobody may append meanwhile.</summary>
    /// <param name="session">What is to be changed is saved with it.</param>
    /// <param name="view">Where they are kept.</param>
    /// <param name="whole">Whether they hold all events there are.</param>
    /// <exception cref="SetupException">They are to change with every append and are not whole: what they lack would never be added.</exception>
    public void Begin(IDocumentSession session, KeptView view, bool whole)
    {
        if (Wanted is ProjectionLifecycle.Inline && !whole)
            throw new SetupException(
                $"{Section}:Lifecycle cannot be Inline yet: some orders have events that their summaries lack. "
                + $"Serve with Async until the view has caught up, or run 'projections rebuild -p {Projection} --in-place'.");

        // Were events replayed that the view holds already, it would skip them; this only spares it the walk.
        if (Wanted is ProjectionLifecycle.Async && whole) session.QueueSqlCommand(StandAtHead, view.Shard);
    }
}
