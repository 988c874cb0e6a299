using Marten;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.Proofs;

/// <summary>Writes rows that differ from what their events say anew, order by order, while the service goes on.</summary>
public sealed class Repair(IDocumentStore store, TimeProvider clock, CancellationToken stop)
{
    const int MostRounds = 5;

    /// <summary>A command that had read the row before may write it once more, a moment later.</summary>
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    readonly string orders = store.ViewOf<Order>().Name;
    readonly Dictionary<string, StoredView> views = StoredView.Of(store).ToDictionary(view => view.Name);

    /// <summary>Makes good what is wrong, and looks again.</summary>
    /// <param name="wrong">What a verification found.</param>
    /// <returns>What is still wrong: events that are missing cannot be made good, and the rows of such an order stay as they are; neither can a view that stops before an event.</returns>
    public async Task<IReadOnlyList<Difference>> Of(IReadOnlyList<Difference> wrong)
    {
        Guid[] orders = [.. wrong.Select(difference => difference.OrderId).Distinct()];
        for (var round = 0; round < MostRounds && MayBeRewritten(wrong).Any(); round++)
        {
            foreach (var difference in MayBeRewritten(wrong)) await Rewrite(views[difference.View], difference.OrderId);
            await Task.Delay(Moment, clock, stop);
            wrong = await StillWrong(orders);
        }

        return [.. wrong.Where(difference => difference.StoppedBefore is null), .. await new Verification(store, stop).Stopped(views.Values)];
    }

    /// <summary>Not of an order that lost events: its rows may be all that is left of them. A row of an order that has neither events nor a document is nothing but wrong.</summary>
    IEnumerable<Difference> MayBeRewritten(IReadOnlyList<Difference> wrong)
    {
        var lost = wrong.Where(difference => difference.View is Verification.Events || (difference.How is Difference.NoEvents && difference.View == orders)).Select(difference => difference.OrderId).ToHashSet();
        return wrong.Where(difference => difference.StoppedBefore is null && views.ContainsKey(difference.View) && !lost.Contains(difference.OrderId));
    }

    async Task<IReadOnlyList<Difference>> StillWrong(Guid[] orders)
    {
        var wrong = new List<Difference>();
        foreach (var some in orders.Chunk(100)) wrong.AddRange(await new Verification(store, stop).Of(some));
        return wrong;
    }

    async Task Rewrite(StoredView view, Guid order)
    {
        await using var connection = store.Storage.Database.CreateConnection();
        await connection.OpenAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var session = store.LightweightSession(Marten.Services.SessionOptions.ForTransaction(transaction));

        // Neither does the view move nor anybody append to the order meanwhile.
        if (view.Shard is not null) await session.Do("select from events.mt_event_progression where name = $1 for update", view.Shard);
        await session.Do("select from events.mt_streams where id = $1 for update", order);
        var fold = await ViewFold.OfSeen(session, view, [order]);
        await ViewFold.Read(session, [order], [fold], stop);
        if (fold.Faults.Count > 0) return;
        await new FoldedRows(fold, store).Write(session, view.Table, [order]);
        await transaction.CommitAsync(stop);
    }
}
