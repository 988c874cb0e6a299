using System.Collections.Concurrent;
using Marten;
using Npgsql;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <summary>The rebuilds that were asked for: takes requests, calls them off, and does those that any node may do.</summary>
/// <remarks>A node that finds one that nobody works on goes on with it: whoever did is gone.</remarks>
public sealed partial class Rebuilds(IDocumentStore store, NpgsqlDataSource database, TimeProvider clock, ILogger<Rebuilds> log) : BackgroundService
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim asked = new(0);
    readonly ConcurrentDictionary<string, Task> running = [];

    /// <summary>Asks for a rebuild, unless one of the view is under way, which is answered then.</summary>
    /// <param name="wanted">What is asked for.</param>
    /// <exception cref="RebuildUnderWayException">The one that is under way may do something else.</exception>
    public async Task<Rebuild> Request(Rebuild wanted)
    {
        await using var session = await Asking(wanted.View);
        var rebuild = await UnderWay(session, wanted.View) ?? wanted;
        if (rebuild.CancelledAt is not null || (rebuild.RollBack, rebuild.AcceptDifferences) != (wanted.RollBack, wanted.AcceptDifferences)) throw new RebuildUnderWayException(rebuild);
        session.Store(rebuild = rebuild with { Unattended = rebuild.Unattended || wanted.Unattended });
        await session.SaveChangesAsync();
        asked.Release();
        return rebuild;
    }

    /// <summary>Calls off the rebuild of a view that is under way; answers which, if there was one.</summary>
    /// <param name="view">The view.</param>
    /// <param name="id">Only this one, if it is given.</param>
    public async Task<Rebuild?> Cancel(string view, Guid? id = null)
    {
        await using var session = await Asking(view);
        if (await UnderWay(session, view) is not { } rebuild || (id ?? rebuild.Id) != rebuild.Id) return null;
        session.Store(rebuild = rebuild with { CancelledAt = clock.GetUtcNow(), Unattended = true });
        await session.SaveChangesAsync();
        asked.Release();
        return rebuild;
    }

    /// <summary>A transaction in which nobody else asks for anything to be done to the view.</summary>
    async Task<IDocumentSession> Asking(string view)
    {
        var session = store.LightweightSession();
        await session.BeginTransactionAsync(CancellationToken.None);
        await session.Do("select pg_advisory_xact_lock(hashtextextended($1, 0))", $"request {view}");
        return session;
    }

    /// <summary>The rebuild of a view that is under way, if one is.</summary>
    public static async Task<Rebuild?> UnderWay(IQuerySession session, string view)
    {
        var store = session.DocumentStore;
        return (await session.QueryAsync<Rebuild>($"""
            select r.data from {store.TableOf<Rebuild>()} r left join {store.TableOf<RebuildProgress>()} p on p.id = r.id
            where r.data ->> 'view' = ? and coalesce(p.data ->> 'state', 'Building') in ('Building', 'Comparing')
            """, view)).SingleOrDefault();
    }

    /// <summary>Does a rebuild to its end; null where somebody else does it.</summary>
    /// <param name="rebuild">Which.</param>
    /// <param name="found">Told of each difference.</param>
    /// <param name="seen">Told how far it is.</param>
    /// <param name="stop">Stops the work; the next who does it goes on.</param>
    public async Task<RebuildProgress?> Do(Rebuild rebuild, Action<Difference> found, IProgress<RebuildProgress> seen, CancellationToken stop)
    {
        await using var alone = await LockSession.TryFor(database, $"rebuild {rebuild.View}", stop);
        if (alone is null) return null;
        await SkippedEvent.Tell(store, stop);
        var view = StoredView.Of(store).SingleOrDefault(view => view.Name == rebuild.View)
            ?? throw new SetupException($"There is no view '{rebuild.View}' in this version.");
        return await new RebuildRun(store, database, view, rebuild, clock, found, seen, stop).Run();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await asked.WaitAsync(Glance, stoppingToken);
                foreach (var rebuild in await Unattended(stoppingToken))
                    if (running.GetValueOrDefault(rebuild.View) is not { IsCompleted: false }) running[rebuild.View] = Attend(rebuild, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // What is still not there is no fault of ours.
                if (!StorageFault.Is(e)) LogBlind(e);
            }
        }

        await Task.WhenAll(running.Values);
    }

    async Task<IReadOnlyList<Rebuild>> Unattended(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.QueryAsync<Rebuild>($"""
            select r.data from {store.TableOf<Rebuild>()} r left join {store.TableOf<RebuildProgress>()} p on p.id = r.id
            where (r.data ->> 'unattended')::boolean and coalesce(p.data ->> 'state', 'Building') in ('Building', 'Comparing')
            """, cancellation);
    }

    async Task Attend(Rebuild rebuild, CancellationToken stop)
    {
        try
        {
            if (await Do(rebuild, difference => LogDifference(difference.OrderId, difference.View, difference.How), new Unseen(), stop) is { } end)
                LogEnd(rebuild.View, end.State, end.EventsDone, end.Differences, end.Why ?? "");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The next node goes on.
        }
        catch (Exception e)
        {
            LogFault(e, rebuild.View);
        }
    }

    sealed class Unseen : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value)
        {
        }
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId} in {View}: {How}")]
    partial void LogDifference(Guid orderId, string view, string how);

    [LoggerMessage(LogLevel.Information, "The rebuild of {View} ended: {State}, {Events} events, {Differences} differences. {Why}")]
    partial void LogEnd(string view, RebuildState state, long events, long differences, string? why);

    [LoggerMessage(LogLevel.Error, "It could not be seen which rebuilds were asked for.")]
    partial void LogBlind(Exception e);

    [LoggerMessage(LogLevel.Error, "The rebuild of {View} was cut short; it goes on in a while.")]
    partial void LogFault(Exception e, string view);
}

/// <summary>Another rebuild of the view is under way, which may do something else than what is asked for.</summary>
public sealed class RebuildUnderWayException(Rebuild other)
    : SetupException($"A {(other.RollBack ? "rollback" : "rebuild")} of '{other.View}'{(other.AcceptDifferences ? " that accepts differences" : "")} is under way: {other.Id}, asked for by {other.RequestedBy}. {(other.CancelledAt is null ? "Let it end, or call it off first" : "It was called off, and ends in a moment")}.");
