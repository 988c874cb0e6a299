using Marten;
using Npgsql;

namespace OrderMonolith.Operations;

/// <summary>
/// Held by every node while it serves, so that what needs the views for itself, such as a rebuild that empties them first, can tell.
/// PostgreSQL lets go of it the moment the node is gone, however it went.
/// </summary>
public sealed partial class ServingLock(NpgsqlDataSource database, IDocumentStore store, OrderSummaryLifecycle lifecycle, ILogger<ServingLock> log)
    : BackgroundService
{
    const int Attempts = 5;
    static readonly TimeSpan Pulse = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    LockSession? session;

    /// <summary>Takes the lock before anything is served, and settles how the views follow the events.</summary>
    /// <exception cref="SetupException">The views cannot follow the events as the settings say.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        session = await LockSession.Open(database, cancellationToken);
        if (await session.TryAlone(cancellationToken))
        {
            await lifecycle.Settle(store, cancellationToken);
            await session.ShareFromAlone(cancellationToken);
        }
        else
        {
            if (!await session.TryShared(cancellationToken))
            {
                LogWaiting();
                await session.Share(cancellationToken);
            }

            await lifecycle.Check(store, cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>Lets go, after everything that was started later has ended.</summary>
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
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
            {
                LogLost(e);
                await session!.DisposeAsync();
                session = await Again(stoppingToken);
            }
        }
    }

    /// <exception cref="InvalidOperationException">What needs the views for itself began meanwhile: to go on serving would spoil them.</exception>
    async Task<LockSession> Again(CancellationToken cancellation)
    {
        for (var refused = 0; ; await Task.Delay(Pause, cancellation))
        {
            try
            {
                var again = await LockSession.Open(database, cancellation);
                if (await again.TryShared(cancellation))
                {
                    await lifecycle.Check(store, cancellation);
                    return again;
                }

                await again.DisposeAsync();
                if (++refused == Attempts) throw new InvalidOperationException("While the database could not be reached, a rebuild began: this node stops serving.");
            }
            catch (NpgsqlException)
            {
                // Still not there.
            }
        }
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
        builder.Services.AddSingleton(OrderSummaryLifecycle.Of(builder.Configuration)).AddHostedService<ServingLock>();
}
