using JasperFx.Events;
using Marten;
using OrderMonolith.History;
using OrderMonolith.Views;

namespace OrderMonolith.Proofs;

/// <summary>What a verification came to.</summary>
public sealed record VerificationSummary
{
    /// <summary>Orders folded.</summary>
    public long Orders { get; set; }

    /// <summary>Events read.</summary>
    public long Events { get; set; }

    /// <summary>Rows that are not what their events say.</summary>
    public long Differences { get; set; }

    /// <summary>Rows that a repair could not make good; absent where none was wanted.</summary>
    public long? StillWrong { get; set; }

    /// <summary>For each view that follows from behind, how many events it had not seen when the verification began; they are not held against it.</summary>
    public Dictionary<string, long> EventsBehind { get; } = [];
}

/// <summary>Folds orders, page by page, and compares with the stored views, byte for byte as PostgreSQL shows them; and sees to it that no event is missing.</summary>
/// <remarks>
/// Each page is read in one snapshot, in which a view and its events, or its position among them, agree; so orders may change meanwhile. What differs
/// is looked at once more: views change places now and then, and a snapshot may have seen half of that.
/// </remarks>
public sealed class Verification(IDocumentStore store, CancellationToken stop)
{
    /// <summary>Under which name it is told that events themselves are not what their stream says.</summary>
    public const string Events = "events";

    readonly IReadOnlyList<StoredView> views = StoredView.Of(store);

    /// <summary>Verifies everything.</summary>
    /// <param name="found">Told of each difference.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<VerificationSummary> OfAll(Action<Difference> found, IProgress<Progress> progress)
    {
        var summary = new VerificationSummary();
        var all = await Begin(summary);
        for (Guid? after = Guid.Empty; after is not null;)
        {
            stop.ThrowIfCancellationRequested();
            var page = await Page(after.Value);
            summary.Orders += page.Orders.Length;
            summary.Events += page.Events;
            summary.Differences += page.Differences.Count;
            page.Differences.ForEach(found);
            progress.Report(new("orders", summary.Orders, Math.Max(all, summary.Orders), summary.Orders));
            after = page.Last;
        }

        foreach (var stopped in await Stopped(views))
        {
            summary.Differences++;
            found(stopped);
        }

        return summary;
    }

    /// <summary>Those of some views that cannot take the event that comes next.</summary>
    public async Task<List<Difference>> Stopped(IEnumerable<StoredView> some)
    {
        await using var session = store.QuerySession();
        var stopped = new List<Difference>();
        foreach (var view in some.Where(view => view.Shard is not null))
            if (await ViewFold.FirstFault(session, view, stop) is { } fault) stopped.Add(Difference.Stopped(view, fault));
        return stopped;
    }

    /// <summary>Verifies the next orders by id.</summary>
    /// <param name="after">The last of the page before.</param>
    /// <returns>The orders, how many events they have, the last order, or null at the end, and what is wrong.</returns>
    public async Task<(Guid[] Orders, long Events, Guid? Last, List<Difference> Differences)> Page(Guid after)
    {
        await using var session = await Snapshot();
        Guid[] ids = [.. await StreamPages.Next(session, after, stop)];
        var last = ids.Length > 0 ? ids[^1] : (Guid?)null;
        var (events, differences) = await Compare(session, ids, "id > $4 and ($5::uuid is null or id <= $5)", after, last ?? (object)DBNull.Value);
        return (ids, events, last, await StillThere(differences));
    }

    /// <summary>Verifies some orders.</summary>
    /// <returns>What is wrong with them.</returns>
    public async Task<List<Difference>> Of(Guid[] ids) => await StillThere(await Once(ids));

    async Task<List<Difference>> StillThere(List<Difference> differences)
    {
        if (differences.Count == 0) return differences;
        var again = (await Once([.. differences.Select(difference => difference.OrderId).Distinct()])).ToDictionary(difference => (difference.View, difference.OrderId));
        return [.. differences.Where(difference => again.ContainsKey((difference.View, difference.OrderId))).Select(difference => again[(difference.View, difference.OrderId)])];
    }

    async Task<List<Difference>> Once(Guid[] ids)
    {
        await using var session = await Snapshot();
        return (await Compare(session, ids, "id = any($4)", ids)).Differences;
    }

    async Task<IDocumentSession> Snapshot()
    {
        var session = store.LightweightSession(new Marten.Services.SessionOptions { IsolationLevel = System.Data.IsolationLevel.RepeatableRead, Timeout = 600 });
        await session.BeginTransactionAsync(stop);
        return session;
    }

    async Task<long> Begin(VerificationSummary summary)
    {
        // In development nobody may have written or read yet, so that a table is still to be made.
        foreach (var kept in views.Select(view => view.DocumentType).Append(typeof(IEvent))) await store.Storage.Database.EnsureStorageExistsAsync(kept, stop);

        await using var session = store.LightweightSession(new Marten.Services.SessionOptions { Timeout = 600 });
        foreach (var view in views.Where(view => view.Shard is not null))
            summary.EventsBehind[view.Name] = await session.Value<long>("select count(*) from events.mt_events where seq_id > $1", await view.Position(session));
        return await session.Value<long>("select count(*) from events.mt_streams where type = 'order'");
    }

    async Task<(long Events, List<Difference> Differences)> Compare(IDocumentSession session, Guid[] ids, string rows, params object[] values)
    {
        var folds = new List<ViewFold>();
        foreach (var view in views) folds.Add(await ViewFold.OfSeen(session, view, ids));
        var events = await ViewFold.Read(session, ids, folds, stop);
        var differences = await Broken(session, ids);
        foreach (var fold in folds) differences.AddRange(await new FoldedRows(fold, store).Differences(session, fold.View.Table, rows, values));
        return (events, differences);
    }

    /// <summary>Orders whose events do not follow each other from their creation to the one that the stream says is the last.</summary>
    static Task<List<Difference>> Broken(IQuerySession session, Guid[] ids) => session.Find("""
        select s.id, s.version, count(e.version), coalesce(max(e.version), 0) from events.mt_streams s left join events.mt_events e on e.stream_id = s.id
        where s.id = any($1) group by s.id, s.version
        having s.version is distinct from count(e.version) or s.version is distinct from max(e.version) or not bool_or(e.version = 1 and e.type like 'order\_created%')
        """,
        row => new Difference(Events, row.GetGuid(0), row.GetInt64(1) == row.GetInt64(2) && row.GetInt64(1) == row.GetInt64(3)
            ? "they do not begin with the order's creation"
            : FormattableString.Invariant($"the stream says {row.GetInt64(1)} events, but there are {row.GetInt64(2)}, the last of them {row.GetInt64(3)}")), ids);
}
