using System.Diagnostics.Metrics;
using Marten;
using Npgsql;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Proofs;

/// <summary>How often the drift watch looks.</summary>
/// <param name="Interval">The time between two looks; ten seconds unless said, zero for never.</param>
public sealed record DriftWatchSettings(TimeSpan? Interval = null)
{
    internal static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>How long it is.</summary>
    /// <exception cref="SetupException">It is negative, or more than a day.</exception>
    internal TimeSpan Pause => Interval is not { } given ? TimeSpan.FromSeconds(10)
        : given >= TimeSpan.Zero && given <= Longest ? given
        : throw new SetupException($"DriftWatch:Interval is {given}, but can only be zero, for never, to a day (1.00:00:00).");
}

/// <summary>
/// Looks whether the views are what the events say, a page of orders at a time, round and round, and first of all at those that changed since it last
/// looked. What it finds it keeps until it is no longer so. One node at a time does it.
/// </summary>
public sealed partial class DriftWatch(
    IDocumentStore store, NpgsqlDataSource database, DriftWatchSettings settings, TimeProvider clock, IMeterFactory meters, ILogger<DriftWatch> log) : BackgroundService
{
    /// <summary>Name of the meter.</summary>
    public const string Meter = "OrderMonolith";

    const int MostChanged = 200;
    const int MostAgain = 200;

    readonly Counter<long> found = meters.Create(Meter).CreateCounter<long>("orders.drift.found", "{difference}", "Rows of views, and events, that were found not to be what they should.");
    readonly IReadOnlyList<StoredView> views = StoredView.Of(store);
    Dictionary<string, long> positions = [];
    long last = -1;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Pause == TimeSpan.Zero) return;
        using var looks = new PeriodicTimer(settings.Pause, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await looks.WaitForNextTickAsync(stoppingToken);
                await using var alone = await LockSession.TryFor(database, "drift watch", stoppingToken);
                for (; alone is not null; await looks.WaitForNextTickAsync(stoppingToken))
                {
                    await alone.Confirm(stoppingToken);
                    await Look(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!StorageFault.Is(e)) LogFault(e);
            }
        }
    }

    /// <summary>Looks once: at what was wrong before, at what changed, at the next page of orders, and at views that do not move.</summary>
    public async Task Look(CancellationToken cancellation)
    {
        await SkippedEvent.Tell(store, cancellation);
        var verification = new Verification(store, cancellation);
        await using var session = store.LightweightSession();
        var before = (await session.Query<Drift>().ToListAsync(cancellation)).ToDictionary(drift => drift.Id);

        var (looked, differences) = await Round(session, verification, cancellation);
        var again = before.Values.Where(drift => drift.StoppedBefore is null).Select(drift => drift.OrderId).Distinct().OrderBy(_ => Random.Shared.Next()).Take(MostAgain);
        Guid[] others = [.. again.Concat(await Changed(session)).Distinct()];
        if (others.Length > 0) differences.AddRange(await verification.Of(others));
        looked.UnionWith(others);
        differences.AddRange(await verification.Stopped(Standing(await Positions(session))));
        var now = differences.Select(difference => Drift.Of(difference, clock.GetUtcNow())).DistinctBy(drift => drift.Id).ToDictionary(drift => drift.Id);
        var kept = before.Values.CountBy(drift => drift.View).ToDictionary();

        foreach (var (id, drift) in now.Where(drift => before.GetValueOrDefault(drift.Key)?.How != drift.Value.How))
        {
            if (!before.ContainsKey(id) && (kept[drift.View] = kept.GetValueOrDefault(drift.View) + 1) > Drift.MostKept) continue;
            found.Add(1, new KeyValuePair<string, object?>("view", drift.View));
            LogDrift(drift.OrderId, drift.View, drift.How);
            session.Store(before.TryGetValue(id, out var known) ? drift with { FoundAt = known.FoundAt } : drift);
        }

        foreach (var (id, drift) in before.Where(drift => !now.ContainsKey(drift.Key) && (drift.Value.StoppedBefore is not null || looked.Contains(drift.Value.OrderId))))
        {
            LogRight(drift.OrderId, drift.View);
            session.Delete<Drift>(id);
        }

        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>The next page of orders. Behind the last one it begins again with the first, whichever node looks.</summary>
    static async Task<(HashSet<Guid> Looked, List<Difference> Differences)> Round(IDocumentSession session, Verification verification, CancellationToken cancellation)
    {
        var place = await session.LoadAsync<DriftWatchPlace>(DriftWatchPlace.Only, cancellation);
        var page = await verification.Page(place?.After ?? Guid.Empty);
        var (looked, differences) = (page.Orders.ToHashSet(), page.Differences);
        if (page.Last is null)
        {
            page = await verification.Page(Guid.Empty);
            looked.UnionWith(page.Orders);
            differences.AddRange(page.Differences);
        }

        session.Store(new DriftWatchPlace(DriftWatchPlace.Only, page.Last ?? Guid.Empty));
        return (looked, differences);
    }

    /// <summary>Orders that changed since the last look, the latest of them.</summary>
    async Task<List<Guid>> Changed(IQuerySession session)
    {
        var head = await session.Value<long>("select coalesce(max(seq_id), 0) from events.mt_events");
        var since = last;
        last = head;
        return since < 0 ? [] : await session.Find($"""
            select distinct stream_id from (select stream_id from events.mt_events where seq_id > $1 and type <> 'tombstone' order by seq_id desc limit {MostChanged}) latest
            """, row => row.GetGuid(0), since);
    }

    /// <summary>Views that did not move since the last look, or were not looked at yet: they may have stopped.</summary>
    List<StoredView> Standing(Dictionary<string, long> now)
    {
        var standing = views.Where(view => view.Shard is { } shard && positions.GetValueOrDefault(shard, -1) is var before && (before < 0 || before == now.GetValueOrDefault(shard))).ToList();
        positions = now;
        return standing;
    }

    static async Task<Dictionary<string, long>> Positions(IQuerySession session) =>
        (await session.Find("select name, last_seq_id from events.mt_event_progression", row => (Shard: row.GetString(0), Position: row.GetInt64(1)))).ToDictionary(row => row.Shard, row => row.Position);

    [LoggerMessage(LogLevel.Error, "Order {OrderId} in {View}: {How}. 'verify --repair' writes a row anew from its events; 'projections skip' lets a view go on behind an event that it cannot take.")]
    partial void LogDrift(Guid orderId, string view, string how);

    [LoggerMessage(LogLevel.Information, "Order {OrderId} in {View} is right again.")]
    partial void LogRight(Guid orderId, string view);

    [LoggerMessage(LogLevel.Error, "The drift watch could not look.")]
    partial void LogFault(Exception e);
}
