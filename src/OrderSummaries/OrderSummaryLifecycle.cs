using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using OrderMonolith.Orders;

namespace OrderMonolith.OrderSummaries;

/// <summary>What the store remembers of a view that was whole when a node began to serve: how it follows the events since.</summary>
/// <param name="Id">Name of the projection.</param>
/// <param name="Lifecycle">In the append's transaction, or behind it.</param>
/// <param name="Version">Which fold makes it.</param>
public sealed record ViewLifecycle(string Id, ProjectionLifecycle Lifecycle, uint Version = 1);

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

    /// <summary>Whether the store has its view as the setting wants it, as somebody saw to before. Others may append meanwhile, so nothing is changed.</summary>
    /// <returns>False where nothing is remembered: nobody knows whether the views are whole.</returns>
    /// <exception cref="SetupException">The store remembers the other lifecycle or another fold, or has no schema.</exception>
    public async Task<bool> IsSettled(IDocumentStore store, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (await Remembered(store, session, cancellation) is not { } remembered) return false;
        return remembered.Lifecycle == Wanted ? true : throw new SetupException(
            $"{Section}:Lifecycle is {Wanted}, but others use this database with {remembered.Lifecycle}. Stop them first, then start with the new setting.");
    }

    /// <summary>Sees to it that the store has its view as the setting wants it. Nobody may append meanwhile.</summary>
    /// <exception cref="SetupException">A view that changes with every append is not whole: what it lacks would never be added. Or another fold made it, or there is no schema.</exception>
    public async Task Settle(IDocumentStore store, CancellationToken cancellation)
    {
        foreach (var stored in new[] { typeof(IEvent), typeof(Order), typeof(OrderSummary), typeof(ViewLifecycle) })
            await store.Storage.Database.EnsureStorageExistsAsync(stored, cancellation);
        await using var session = store.LightweightSession();
        var remembered = await Remembered(store, session, cancellation);
        if (remembered?.Lifecycle == Wanted) return;

        var (orders, summaries) = (store.ViewOf<Order>(), store.ViewOf<OrderSummary>());
        if (!await IsWhole(session, orders, cancellation))
            throw new SetupException("Some orders have events that their documents lack: a rebuild was cut short. Run 'projections rebuild -p orders'.");
        var whole = await IsWhole(session, summaries, cancellation);
        if (Wanted is ProjectionLifecycle.Inline && !whole)
            throw new SetupException(
                $"{Section}:Lifecycle cannot be Inline yet: some orders have events that their summaries lack. "
                + $"Serve with Async until the view has caught up, or run 'projections rebuild -p {Projection}'.");

        // Were events replayed that the view holds already, it would skip them; this only spares it the walk.
        if (Wanted is ProjectionLifecycle.Async && whole) session.QueueSqlCommand(StandAtHead, summaries.Shard);
        session.Store(new ViewLifecycle(orders.Name, ProjectionLifecycle.Inline, orders.Version), new ViewLifecycle(summaries.Name, Wanted, summaries.Version));
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>Has the next start look for itself whether the views are whole.</summary>
    /// <exception cref="SetupException">There is no schema.</exception>
    public static async Task Forget(IDocumentStore store)
    {
        await store.Storage.Database.EnsureStorageExistsAsync(typeof(ViewLifecycle));
        await using var session = store.LightweightSession();
        await MustHaveSchema(session, CancellationToken.None);
        session.DeleteWhere<ViewLifecycle>(_ => true);
        await session.SaveChangesAsync();
    }

    /// <summary>What the store remembers of the summaries, if anything. Before versions were remembered, all was of the first.</summary>
    /// <exception cref="SetupException">Another fold made a view. Or there is no schema.</exception>
    static async Task<ViewLifecycle?> Remembered(IDocumentStore store, IQuerySession session, CancellationToken cancellation)
    {
        await MustHaveSchema(session, cancellation);
        KeptView[] views = [store.ViewOf<Order>(), store.ViewOf<OrderSummary>()];
        var remembered = (await session.LoadManyAsync<ViewLifecycle>(cancellation, views.Select(view => view.Name))).ToDictionary(view => view.Id);
        if (!remembered.TryGetValue(Projection, out var summaries)) return null;
        foreach (var view in views)
            if ((remembered.GetValueOrDefault(view.Name)?.Version ?? 1) is var version && version != view.Version)
                throw new SetupException(
                    $"The view '{view.Name}' is kept in version {version}, but this node makes version {view.Version} of it: "
                    + $"with all nodes stopped, run 'resources setup', then 'projections rebuild -p {view.Name}'.");
        return summaries;
    }

    /// <summary>Asks plainly whether there is a schema: the store would log its whole failure.</summary>
    static async Task MustHaveSchema(IQuerySession session, CancellationToken cancellation)
    {
        if (!await Holds(session, "select to_regclass('views.mt_doc_view_lifecycle') is not null and to_regclass('events.mt_streams') is not null", cancellation))
            throw new SetupException("The database has no schema yet, or an old one. Run 'resources setup' first.");
    }

    /// <summary>An archived order is kept like any other.</summary>
    static Task<bool> IsWhole(IQuerySession session, KeptView view, CancellationToken cancellation) => Holds(session, $"""
        select not exists (select from events.mt_streams s left join {view.Table} d on d.id = s.id where s.type = 'order' and s.version > coalesce(d.mt_version, 0))
        """, cancellation);

    static async Task<bool> Holds(IQuerySession session, string sql, CancellationToken cancellation)
    {
        await using var question = new NpgsqlCommand(sql) { CommandTimeout = 0 };
        await using var answer = await session.ExecuteReaderAsync(question, cancellation);
        return await answer.ReadAsync(cancellation) && answer.GetBoolean(0);
    }
}
