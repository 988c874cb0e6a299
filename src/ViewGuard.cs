using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith;

/// <summary>What the store remembers of a view that was whole when a node began to serve: how it follows the events since.</summary>
/// <param name="Id">Name of the projection.</param>
/// <param name="Lifecycle">In the append's transaction, or behind it.</param>
/// <param name="Version">Which fold makes it.</param>
public sealed record ViewLifecycle(string Id, ProjectionLifecycle Lifecycle, uint Version = 1);

/// <summary>Lets nobody work with views that lack events, that another fold made or that others keep in another way. What was seen to once, the store remembers.</summary>
public static class ViewGuard
{
    /// <summary>Most orders that a view of another fold may lack when a node starts: what it takes to add them nobody notices.</summary>
    const int MostAtStart = 10_000;

    const int MostAtOnce = 1_000;

    /// <summary>Whether somebody saw to the views before. Others may append meanwhile, so nothing is changed.</summary>
    /// <returns>False where nothing is remembered: nobody knows whether the views are whole.</returns>
    /// <exception cref="SetupException">The store remembers another fold or another lifecycle of the summaries, or has no schema.</exception>
    public static async Task<bool> IsSettled(IDocumentStore store, OrderSummaryLifecycle lifecycle, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        await MustHaveSchema(session, cancellation);
        KeptView[] views = [store.ViewOf<Order>(), store.ViewOf<OrderSummary>()];
        var remembered = await Remembered(session, views, cancellation);
        if (!remembered.TryGetValue(OrderSummaryLifecycle.Projection, out var summaries)) return false;
        if (views.FirstOrDefault(view => IsOfAnother(remembered, view)) is { } other) throw OfAnother(other, remembered.GetValueOrDefault(other.Name)?.Version ?? 1);
        lifecycle.MustAgreeWith(summaries.Lifecycle);
        return true;
    }

    /// <summary>Sees to it that the views are whole and follow the events as they should. Nobody may append meanwhile.</summary>
    /// <exception cref="SetupException">A view that changes with every append is not whole: what it lacks would never be added. Or another fold made it, or there is no schema.</exception>
    public static async Task Settle(IDocumentStore store, OrderSummaryLifecycle lifecycle, CancellationToken cancellation)
    {
        foreach (var stored in new[] { typeof(IEvent), typeof(Order), typeof(OrderSummary), typeof(ViewLifecycle) })
            await store.Storage.Database.EnsureStorageExistsAsync(stored, cancellation);
        await using var session = store.LightweightSession();
        await MustHaveSchema(session, cancellation);
        var (orders, summaries) = (store.ViewOf<Order>(), store.ViewOf<OrderSummary>());
        var remembered = await Remembered(session, [orders, summaries], cancellation);
        var ofAnother = new[] { orders, summaries }.Where(view => IsOfAnother(remembered, view)).ToList();
        if (ofAnother.Count == 0 && remembered.GetValueOrDefault(summaries.Name)?.Lifecycle == lifecycle.Wanted) return;

        foreach (var view in ofAnother) await Complete(store, session, view, cancellation);
        if (!await IsWhole(session, orders, cancellation))
            throw new SetupException($"Some orders have events that their documents lack: a rebuild was cut short. Run 'projections rebuild -p {orders.Name} --in-place'.");
        lifecycle.Begin(session, summaries, await IsWhole(session, summaries, cancellation));
        session.Store(new ViewLifecycle(orders.Name, ProjectionLifecycle.Inline, orders.Version), new ViewLifecycle(summaries.Name, lifecycle.Wanted, summaries.Version));
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>Adds to a view of another fold what happened since it was built beside the one that was read.</summary>
    /// <exception cref="SetupException">That is too much for a start.</exception>
    static async Task Complete(IDocumentStore store, IQuerySession session, KeptView kept, CancellationToken cancellation)
    {
        var lacking = (await session.Find($"{Lacking(kept, "s.id")} limit {MostAtStart + 1}", row => row.GetGuid(0))).ToArray();
        if (lacking.Length > MostAtStart) throw OfAnother(kept, null);
        var view = StoredView.Of(store).Single(view => view.Name == kept.Name);
        foreach (var ids in lacking.Chunk(MostAtOnce))
        {
            var fold = ViewFold.OfAll(view);
            await ViewFold.Read(session, ids, [fold], cancellation);
            if (fold.Faults.Values.FirstOrDefault() is { } fault) throw new SetupException($"The view '{kept.Name}' cannot hold the order {fault.OrderId}: {fault}");
            await new FoldedRows(fold, store).Write(session, kept.Table, ids);
        }
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

    /// <summary>What is said where there is no schema, or one that lacks something.</summary>
    /// <param name="cause">How that was seen, if something failed.</param>
    public static SetupException NoSchema(Exception? cause = null) => new("The database has no schema yet, or an old one. Run 'resources setup' first.", cause);

    /// <summary>What the store remembers of views, by name.</summary>
    static async Task<Dictionary<string, ViewLifecycle>> Remembered(IQuerySession session, KeptView[] views, CancellationToken cancellation) =>
        (await session.LoadManyAsync<ViewLifecycle>(cancellation, views.Select(view => view.Name))).ToDictionary(view => view.Id);

    /// <summary>Whether another fold made what is read of a view. Before versions were remembered, all was of the first.</summary>
    static bool IsOfAnother(Dictionary<string, ViewLifecycle> remembered, KeptView view) =>
        remembered.Count > 0 && (remembered.GetValueOrDefault(view.Name)?.Version ?? 1) != view.Version;

    static SetupException OfAnother(KeptView view, uint? version) => new(
        $"The view '{view.Name}' is kept in {(version is { } kept ? $"version {kept}" : "another version")}, but this node makes version {view.Version} of it: with this version run 'resources setup', "
        + $"then 'projections rebuild -p {view.Name}', also while the others serve; then stop them and start this one.");

    /// <summary>Asks plainly whether there is a schema: the store would log its whole failure.</summary>
    static async Task MustHaveSchema(IQuerySession session, CancellationToken cancellation)
    {
        if (!await Holds(session, "select to_regclass('views.mt_doc_view_lifecycle') is not null and to_regclass('events.mt_streams') is not null", cancellation))
            throw NoSchema();
    }

    /// <summary>An archived order is kept like any other; the stream in which the store fills gaps is no order.</summary>
    static Task<bool> IsWhole(IQuerySession session, KeptView view, CancellationToken cancellation) => Holds(session, $"select not exists ({Lacking(view, "")})", cancellation);

    static string Lacking(KeptView view, string what) =>
        $"select {what} from events.mt_streams s left join {view.Table} d on d.id = s.id where s.type = 'order' and s.version > coalesce(d.mt_version, 0)";

    static async Task<bool> Holds(IQuerySession session, string sql, CancellationToken cancellation)
    {
        await using var question = new NpgsqlCommand(sql) { CommandTimeout = 0 };
        await using var answer = await session.ExecuteReaderAsync(question, cancellation);
        return await answer.ReadAsync(cancellation) && answer.GetBoolean(0);
    }
}
