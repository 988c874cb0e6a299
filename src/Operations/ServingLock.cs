using Marten;
using Npgsql;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Operations;

/// <summary>
/// Held by every process that appends events, so that what needs the views for itself, such as a rebuild that empties them first, can tell.
/// PostgreSQL lets go of it the moment the process is gone, however it went.
/// </summary>
public sealed partial class ServingLock(NpgsqlDataSource database, IDocumentStore store, OrderSummaryLifecycle lifecycle, ILogger<ServingLock> log)
    : BackgroundService
{
    const int Attempts = 5;
    const int Chances = 2;
    static readonly TimeSpan Pulse = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    LockSession? session;

    /// <summary>Joins those that append, until the session is disposed of; whoever is first settles how the views follow the events.</summary>
    /// <exception cref="SetupException">The views cannot follow the events as the settings say.</exception>
    public async Task<LockSession> Join(CancellationToken cancellation)
    {
        var joining = await LockSession.Open(database, cancellation);
        try
        {
            for (var chances = Chances; !await TryJoin(joining, chances > 0, cancellation); chances--)
            {
                // Nobody saw to the views: what had them for itself was cut short. Somebody has to, alone, and several may be waiting for that.
                await joining.LetGo(cancellation);
                await Task.Delay(Random.Shared.Next((int)Pause.TotalMilliseconds), cancellation);
            }

            await SkippedEvent.Tell(store, cancellation);
            return joining;
        }
        catch (Exception e)
        {
            await joining.DisposeAsync();
            if (e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidSchemaName })
                throw ViewGuard.NoSchema(e);
            throw;
        }
    }

    async Task<bool> TryJoin(LockSession joining, bool hasAnotherChance, CancellationToken cancellation)
    {
        if (await joining.TryAlone(cancellation))
        {
            await ViewGuard.Settle(store, lifecycle, cancellation);
            await joining.ShareFromAlone(cancellation);
            return true;
        }

        if (!await joining.TryShared(cancellation))
        {
            LogWaiting();
            await joining.Share(cancellation);
        }

        try
        {
            return await ViewGuard.IsSettled(store, lifecycle, cancellation);
        }
        catch (SetupException) when (hasAnotherChance)
        {
            // Whoever keeps the views otherwise may be on the way out.
            return false;
        }
    }

    /// <summary>Joins before anything is served.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        session = await Join(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Leaves after everything that was started later has ended.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // A host may be stopped twice at once, by a signal and by its owner.
        if (Interlocked.Exchange(ref session, null) is { } held) await held.DisposeAsync();
    }

    /// <summary>Notices when the lock's connection is lost, and takes the lock again.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await session!.Stand(Pulse, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (StorageFault.Is(e) || e is InvalidOperationException)
            {
                LogLost(e);
                await session!.DisposeAsync();
                session = await Rejoin(stoppingToken);
            }
        }
    }

    /// <exception cref="InvalidOperationException">What needs the views for itself began meanwhile: to go on serving would spoil them, so the host stops.</exception>
    async Task<LockSession> Rejoin(CancellationToken cancellation)
    {
        for (var refused = 0; refused < Attempts; await Task.Delay(Pause, cancellation))
        {
            try
            {
                if (await TryRejoin(cancellation) is { } again) return again;
                refused++;
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                // Still not there.
            }
        }

        throw SpoiledViews();
    }

    static InvalidOperationException SpoiledViews() => new("While the database could not be reached, a rebuild began. This node stops serving.");

    async Task<LockSession?> TryRejoin(CancellationToken cancellation)
    {
        var again = await LockSession.Open(database, cancellation);
        try
        {
            if (await again.TryShared(cancellation))
                return await ViewGuard.IsSettled(store, lifecycle, cancellation) ? again : throw SpoiledViews();
        }
        catch
        {
            await again.DisposeAsync();
            throw;
        }

        await again.DisposeAsync();
        return null;
    }

    [LoggerMessage(LogLevel.Warning, "Something has the views for itself, a rebuild or another node that starts; this node serves when that has ended.")]
    partial void LogWaiting();

    [LoggerMessage(LogLevel.Warning, "The connection that shows others that this node serves was lost; it is made again.")]
    partial void LogLost(Exception e);
}

/// <summary>Who may work on the views at the same time.</summary>
public static class Serving
{
    /// <summary>Makes this process known as a node that serves, from before it starts to after it ends.</summary>
    public static void AddServingLock(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton(OrderSummaryLifecycle.Of(builder.Configuration)).AddSingleton<ServingLock>().AddHostedService(services => services.GetRequiredService<ServingLock>());
}
