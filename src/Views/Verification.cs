using JasperFx.Events;
using Marten;
using OrderMonolith.History;

namespace OrderMonolith.Views;

/// <summary>What a verification came to.</summary>
public sealed record VerificationSummary
{
    /// <summary>Orders folded.</summary>
    public long Orders { get; set; }

    /// <summary>Events read.</summary>
    public long Events { get; set; }

    /// <summary>Rows that are not what their events say.</summary>
    public long Differences { get; set; }

    /// <summary>For each view that follows from behind, how many events it had not seen when the verification began; they are not held against it.</summary>
    public Dictionary<string, long> EventsBehind { get; } = [];
}

/// <summary>Folds every order, page by page, and compares with the stored views, byte for byte as PostgreSQL shows them.</summary>
/// <remarks>Each page is read in one snapshot, in which a view and its events, or its position among them, agree; so orders may change meanwhile.</remarks>
public sealed class Verification(IDocumentStore store, Action<Difference> found, IProgress<Progress> progress, CancellationToken stop)
{
    readonly IReadOnlyList<StoredView> views = StoredView.Of(store);
    readonly VerificationSummary summary = new();

    /// <summary>Verifies everything.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<VerificationSummary> Run()
    {
        var all = await Begin();
        for (Guid? after = Guid.Empty; after is not null;)
        {
            stop.ThrowIfCancellationRequested();
            await using var session = store.LightweightSession(new Marten.Services.SessionOptions { IsolationLevel = System.Data.IsolationLevel.RepeatableRead, Timeout = 600 });
            await session.BeginTransactionAsync(stop);
            after = await Page(session, after.Value);
            progress.Report(new("orders", summary.Orders, Math.Max(all, summary.Orders), summary.Orders));
        }

        return summary;
    }

    async Task<long> Begin()
    {
        // In development nobody may have written or read yet, so that a table is still to be made.
        foreach (var kept in views.Select(view => view.DocumentType).Append(typeof(IEvent))) await store.Storage.Database.EnsureStorageExistsAsync(kept, stop);

        await using var session = store.LightweightSession(new Marten.Services.SessionOptions { Timeout = 600 });
        foreach (var view in views.Where(view => view.Shard is not null))
            summary.EventsBehind[view.Name] = await session.Value<long>("select count(*) from events.mt_events where seq_id > $1", await view.Position(session));
        return await session.Value<long>("select count(*) from events.mt_streams where type = 'order'");
    }

    /// <summary>Verifies the next orders by id; answers the last of them, null at the end.</summary>
    async Task<Guid?> Page(IDocumentSession session, Guid after)
    {
        Guid[] ids = [.. await StreamPages.Next(session, after, stop)];
        var folds = new List<ViewFold>();
        foreach (var view in views) folds.Add(await ViewFold.OfSeen(session, view, ids));
        summary.Events += await ViewFold.Read(session, ids, folds, stop);

        var last = ids.Length > 0 ? ids[^1] : (Guid?)null;
        foreach (var fold in folds) await Compare(session, fold, after, last);
        summary.Orders += ids.Length;
        return last;
    }

    async Task Compare(IDocumentSession session, ViewFold fold, Guid after, Guid? last)
    {
        var rows = new FoldedRows(fold, store);
        foreach (var difference in await rows.Differences(session, fold.View.Table, "id > $4 and ($5::uuid is null or id <= $5)", after, last ?? (object)DBNull.Value))
        {
            summary.Differences++;
            found(difference);
        }
    }
}
