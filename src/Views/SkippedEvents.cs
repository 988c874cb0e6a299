using JasperFx;
using Marten;
using OrderMonolith.Storage;

namespace OrderMonolith.Views;

/// <summary>Has this node's views leave out what they are told to, soon after it was said, and those that stopped for it go on.</summary>
public sealed partial class SkippedEvents(IDocumentStore store, Marten.Events.Daemon.Coordination.IProjectionCoordinator coordinator, TimeProvider clock, ILogger<SkippedEvents> log) : BackgroundService
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var glances = new PeriodicTimer(Glance, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await glances.WaitForNextTickAsync(stoppingToken);
                if (await SkippedEvent.Tell(store, stoppingToken)) await GoOn(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                // Still not there.
            }
        }
    }

    /// <summary>The framework starts a view again that stopped for a fault of the moment, not one that an event stopped.</summary>
    async Task GoOn(CancellationToken cancellation)
    {
        var daemon = coordinator.DaemonForMainDatabase();
        foreach (var paused in daemon.CurrentAgents().Where(agent => agent.Status is AgentStatus.Paused))
        {
            await daemon.StartAgentAsync(paused.Name, cancellation);
            LogGoesOn(paused.Name.Identity);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{View} goes on, without the events that it was told to leave out.")]
    partial void LogGoesOn(string view);
}
