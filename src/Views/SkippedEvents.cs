using JasperFx;
using JasperFx.Events.Daemon;
using Marten;
using OrderMonolith.Storage;

namespace OrderMonolith.Views;

/// <summary>Has this node's views leave out what they are told to, soon after it was said, and those that stopped for it go on.</summary>
public sealed partial class SkippedEvents(IDocumentStore store, Marten.Events.Daemon.Coordination.IProjectionCoordinator coordinator, TimeProvider clock, ILogger<SkippedEvents> log) : BackgroundService
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var glances = new PeriodicTimer(Glance, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await glances.WaitForNextTickAsync(stoppingToken);
                await SkippedEvent.Tell(store, stoppingToken);
                await GoOn(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Wolverine.Runtime.Agents.DaemonNotRunningOnThisNodeException)
            {
                // Another node has the views, or none has them yet.
            }
            catch (Exception e)
            {
                // What is still not there is no fault of ours.
                if (!StorageFault.Is(e)) LogFault(e);
            }
        }
    }

    /// <summary>The framework starts a view again that stopped for a fault of the moment, not one that an event stopped; that goes on here as soon as it can take what comes next.
    /// A subscription holds nothing that could be compared: it tries again now and then.</summary>
    async Task GoOn(CancellationToken cancellation)
    {
        var daemon = coordinator.DaemonForMainDatabase();
        foreach (var paused in daemon.CurrentAgents().Where(agent => agent.Status is AgentStatus.Paused).ToList())
        {
            if (!await CanGoOn(paused, cancellation)) continue;
            await daemon.StartAgentAsync(paused.Name, cancellation);
            LogGoesOn(paused.Name.Name);
        }
    }

    async Task<bool> CanGoOn(ISubscriptionAgent paused, CancellationToken cancellation)
    {
        if (StoredView.Of(store).FirstOrDefault(view => view.Shard == paused.Name.Identity) is not { } view) return clock.GetUtcNow() - paused.PausedTime > Rest;
        await using var session = store.QuerySession();
        return await ViewFold.FirstFault(session, view, cancellation) is null;
    }

    [LoggerMessage(LogLevel.Warning, "{View} had stopped and goes on.")]
    partial void LogGoesOn(string view);

    [LoggerMessage(LogLevel.Error, "It could not be seen which events are left out.")]
    partial void LogFault(Exception e);
}
