using Marten;
using Npgsql;
using OrderMonolith.History;
using OrderMonolith.Proofs;
using OrderMonolith.Views;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.Import;

/// <summary>An order of which no view could be made.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Why">What could not be read or folded.</param>
public sealed record UnmadeOrder(Guid OrderId, string Why);

/// <summary>Makes all views of events that were just stored, in the same transaction, page by page, so that memory stays flat.</summary>
public sealed class ImportedViews(IDocumentStore store, NpgsqlTransaction transaction, IProgress<Progress> progress, CancellationToken stop)
{
    const int MostExamples = 10;

    readonly IReadOnlyList<StoredView> views = StoredView.Of(store);
    readonly List<UnmadeOrder> examples = [];

    /// <summary>Orders whose views were made.</summary>
    public long Orders { get; private set; }

    /// <summary>Orders that some view, or none, could be made of.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Some of these.</summary>
    public IReadOnlyList<UnmadeOrder> Examples => examples;

    /// <summary>Makes them.</summary>
    public async Task Make()
    {
        var all = await Begin();
        for (var after = Guid.Empty; ;)
        {
            stop.ThrowIfCancellationRequested();
            await using var session = store.QuerySession(SessionOptions.ForTransaction(transaction));
            Guid[] ids = [.. await StreamPages.Next(session, after, stop)];
            if (ids.Length == 0) return;

            var folds = views.Select(ViewFold.OfAll).ToList();
            await ViewFold.Read(session, ids, folds, stop);
            foreach (var fold in folds) await new FoldedRows(fold, store).Write(session, fold.View.Table, ids);

            var faults = folds.SelectMany(fold => fold.Faults.Values).DistinctBy(fault => fault.OrderId).ToList();
            (Orders, Unreadable) = (Orders + ids.Length - faults.Count, Unreadable + faults.Count);
            examples.AddRange(faults.Take(MostExamples - examples.Count).Select(fault => new UnmadeOrder(fault.OrderId, fault.ToString())));
            after = ids[^1];
            progress.Report(new("orders", Orders + Unreadable, all, Orders + Unreadable));
        }
    }

    async Task<long> Begin()
    {
        // Nobody has counted the new rows yet, so PostgreSQL might read the whole table for each page.
        await using var plan = new NpgsqlCommand("set local enable_seqscan = off; select count(*) from events.mt_streams where type = 'order'", transaction.Connection, transaction) { CommandTimeout = 0 };
        var all = (long)(await plan.ExecuteScalarAsync(stop))!;
        foreach (var view in views)
        {
            await using var leftOver = new NpgsqlCommand($"delete from {view.Table}", transaction.Connection, transaction) { CommandTimeout = 0 };
            await leftOver.ExecuteNonQueryAsync(stop);
        }

        return all;
    }
}
