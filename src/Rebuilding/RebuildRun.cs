using System.Data;
using Marten;
using Npgsql;
using OrderMonolith.History;
using OrderMonolith.Proofs;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <summary>Builds a view anew beside the one that is read, proves that both are the same, and only then has what was built be read.</summary>
/// <remarks>
/// Who reads and who writes goes on all the while; only at the end those who write wait, for as long as the last changes take.
/// Every step is one transaction together with the word that it was done, so whoever comes after a process that died goes on behind the last one.
/// </remarks>
public sealed partial class RebuildRun(
    IDocumentStore store, NpgsqlDataSource database, StoredView view, Rebuild rebuild, TimeProvider clock, Action<Difference> found, IProgress<RebuildProgress> seen, CancellationToken stop)
{
    /// <summary>Most orders that those who write wait for, as a rule.</summary>
    const int Few = 200;

    const int MostAtOnce = 1_000;
    const int MostRounds = 20;
    const int SecondsPerStep = 3_600;

    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    static readonly Guid ThisBuild = typeof(RebuildRun).Module.ModuleVersionId;

    readonly ViewTables tables = new(view);
    readonly HashSet<Guid> open = [];
    readonly HashSet<Guid> different = [];
    RebuildProgress progress = RebuildProgress.Of(rebuild, clock.GetUtcNow());
    bool isRead = true;

    /// <summary>What is built holds all events up to here, of those that the view that is read has seen; unknown before all orders were looked at.</summary>
    long? since;

    sealed class EndedException(RebuildState state, string? why = null) : Exception
    {
        public RebuildState State => state;

        public string? Why => why;
    }

    /// <summary>Does the work, or what is left of it.</summary>
    /// <returns>How it ended.</returns>
    /// <exception cref="OperationCanceledException">It was stopped, not called off: the next run goes on.</exception>
    public async Task<RebuildProgress> Run()
    {
        try
        {
            await Begin();
            if (progress.IsOver) return progress;
            await Build();
            await CatchUp();
            await Compare();
            await Switch();
        }
        catch (EndedException end)
        {
            await End(end.State, end.Why);
        }
        catch (Exception e) when (e is not (OperationCanceledException or SetupException) && !StorageFault.Is(e))
        {
            await End(RebuildState.Failed, e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused
                ? $"The database refused: {refused.MessageText}. Run db/roles.sql again."
                : e.GetBaseException().Message);
        }

        if (progress.State is RebuildState.Switched) await LookAgain();
        if (progress.State is RebuildState.Refused && !rebuild.RollBack) await Drift.Record(store, progress.FirstDifferences, clock.GetUtcNow(), stop);
        return progress;
    }

    Task End(RebuildState state, string? why) => Transaction(async session =>
    {
        await (rebuild.RollBack ? tables.PutBack(session) : tables.Drop(session));
        progress = progress with { State = state, Why = why, EndedAt = clock.GetUtcNow() };
    });

    async Task Begin()
    {
        await using var session = store.QuerySession();
        isRead = (await session.LoadAsync<ViewLifecycle>(view.Name, stop))?.Version is { } version ? version == view.Version : view.Shard is not { } shard || !await session.Value<bool>("""
            select exists (select from events.mt_event_progression where name like $1 || ':%' and name <> $2) and not exists (select from events.mt_event_progression where name = $2)
            """, view.Name, shard);
        if (await session.LoadAsync<RebuildProgress>(rebuild.Id, stop) is { } before)
        {
            var goesOn = before.Build == ThisBuild || rebuild.RollBack;
            progress = before.IsOver ? before : goesOn ? before with { Differences = 0, FirstDifferences = [] } : progress with { Step = before.Step };
            if (before.IsOver || goesOn) return;
        }

        await Step(async step =>
        {
            if (!rebuild.RollBack) await tables.Begin(step);
            else if (await tables.HasOld(step)) await BringBack(step);
            else throw new EndedException(RebuildState.Failed, "There is nothing to go back to.");
            progress = progress with
            {
                Build = ThisBuild,
                State = rebuild.RollBack ? RebuildState.Comparing : RebuildState.Building,
                EventsTotal = await step.Value<long>("select coalesce(sum(version), 0)::bigint from events.mt_streams where type = 'order'"),
            };
        });
    }

    async Task BringBack(IDocumentSession step)
    {
        await tables.BringBack(step);
        if (!await tables.HaveTheSameColumns(step)) throw new EndedException(RebuildState.Failed, "What was read before has other columns than this version needs: build the view anew.");
        await tables.Index(step);
    }

    async Task Build()
    {
        var (begin, done) = (clock.GetTimestamp(), progress.EventsDone);
        while (progress.State is RebuildState.Building)
            await Step(async session =>
            {
                Guid[] ids = [.. await StreamPages.Next(session, progress.After, stop)];
                if (ids.Length == 0)
                {
                    await tables.Index(session);
                    progress = progress with { State = RebuildState.Comparing, EventsBehind = 0 };
                    return;
                }

                var (_, read) = await Fold(session, ids);
                var events = progress.EventsDone + read;
                progress = progress with
                {
                    After = ids[^1],
                    Orders = progress.Orders + ids.Length,
                    EventsDone = events,
                    EventsPerSecond = Math.Round((events - done) / clock.GetElapsedTime(begin).TotalSeconds),
                    EventsBehind = Math.Max(0, progress.EventsTotal - events),
                };
            });
    }

    /// <summary>Folds orders into what is built, up to where the view that is read stands.</summary>
    async Task<(FoldedRows Rows, long Events)> Fold(IDocumentSession session, Guid[] ids)
    {
        var fold = isRead ? await ViewFold.OfSeen(session, view, ids) : ViewFold.OfAll(view);
        var events = await ViewFold.Read(session, ids, [fold], stop);
        if (fold.Faults.Values.FirstOrDefault() is { } fault) throw new EndedException(RebuildState.Failed, $"Order {fault.OrderId}: {fault}");
        var rows = new FoldedRows(fold, store);
        await rows.Write(session, tables.Next, ids);
        return (rows, events);
    }

    /// <summary>Takes in what changed since it was built: the first time by a look at all orders, then by the events since, until few are left. What was compared already is compared again.</summary>
    async Task CatchUp(bool again = false)
    {
        for (var (round, left) = (0, int.MaxValue); left > Few && round < MostRounds; round++)
        {
            var (next, changed) = await Changed();
            foreach (var some in changed.Chunk(MostAtOnce))
                await Step(async session =>
                {
                    Guid[] ids = [.. some.Select(order => order.Id)];
                    var (rows, _) = await Fold(session, ids);
                    if (again) (await Differing(session, rows, ids)).ForEach(Count);
                    progress = progress with { EventsBehind = changed.Sum(order => order.Events) };
                }, again ? IsolationLevel.RepeatableRead : IsolationLevel.ReadCommitted);
            if (again && progress.Differences > 0 && !rebuild.AcceptDifferences) throw Refused();
            (since, left) = (next, changed.Count);
        }
    }

    /// <summary>The orders that changed since the last look, and up to where all are seen then: no event can appear below that any more.</summary>
    async Task<(long Next, List<(Guid Id, long Events)> Changed)> Changed()
    {
        var settled = await SettledPosition.Of(database, _ => { }, stop);
        await using var session = store.QuerySession(new Marten.Services.SessionOptions { Timeout = SecondsPerStep });
        var position = await Position(session);
        return (Math.Min(settled, position), since is { } known ? await Since(session, known) : await session.Each($"""
            {Expected}
            select id, expected.version - coalesce(n.mt_version, 0) from expected left join {tables.Next} n using (id) where expected.version is distinct from coalesce(n.mt_version, 0)
            """, row => (row.GetGuid(0), row.GetInt64(1)), stop, position).ToListAsync(stop));
    }

    async Task<List<(Guid Id, long Events)>> Since(IQuerySession session, long place) => await session.Find("""
        select e.stream_id, count(*) from events.mt_events e join events.mt_streams s on s.id = e.stream_id and s.type = 'order' where e.seq_id > $1 and e.seq_id <= $2 group by e.stream_id
        """, row => (row.GetGuid(0), row.GetInt64(1)), place, await Position(session));

    /// <summary>The version of each order that the view should hold, up to the position $1.</summary>
    const string Expected = """
        with later as (select stream_id, min(version) - 1 as version from events.mt_events where seq_id > $1 group by stream_id),
             expected as (select s.id, coalesce(later.version, s.version) as version from events.mt_streams s left join later on later.stream_id = s.id where s.type = 'order')
        """;

    Task<long> Position(IQuerySession session) => isRead ? view.Position(session) : Task.FromResult(long.MaxValue);

    EndedException Refused() => new(RebuildState.Refused, $"What was {(rebuild.RollBack ? "read before" : "built")} differs from what is read.");

    /// <summary>One transaction, unless it was called off.</summary>
    Task Step(Func<IDocumentSession, Task> work, IsolationLevel isolation = IsolationLevel.ReadCommitted) => Transaction(async session =>
    {
        if ((await session.LoadAsync<Rebuild>(rebuild.Id, stop))?.CancelledAt is not null) throw new EndedException(RebuildState.Cancelled);
        await work(session);
    }, isolation);

    /// <summary>One transaction: some work, and the word that it was done.</summary>
    async Task Transaction(Func<IDocumentSession, Task> work, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        await using var session = store.LightweightSession(new Marten.Services.SessionOptions { IsolationLevel = isolation, Timeout = SecondsPerStep });
        await session.BeginTransactionAsync(stop);
        var steps = await session.Find($"select coalesce((data ->> 'step')::bigint, 0) from {store.TableOf<RebuildProgress>()} where id = $1 for update", row => row.GetInt64(0), rebuild.Id);
        if (steps.FirstOrDefault() != progress.Step) throw new SetupException($"Somebody else works on the rebuild {rebuild.Id} by now.");
        await work(session);
        progress = progress with { Step = progress.Step + 1, UpdatedAt = clock.GetUtcNow() };
        session.Store(progress);
        await session.SaveChangesAsync(stop);
        seen.Report(progress);
    }
}
