using System.Collections.Concurrent;
using OrderMonolith.Contracts;
using OrderMonolith.Storage;

namespace OrderMonolith.Deliveries;

/// <summary>Brings what waits to its targets. Every node has one; they share the work order by order.</summary>
public sealed partial class Dispatcher(WaitingDeliveries queue, PublicEvents events, Published published, IEnumerable<ITargets> kinds, TimeProvider clock, ILogger<Dispatcher> log) : BackgroundService
{
    /// <summary>How often it is looked what has become due.</summary>
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, Task> underway = [];
    readonly ConcurrentDictionary<string, DateTimeOffset> heldUntil = [];

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var news = published.Next();
                foreach (var name in await queue.DueTargets(stoppingToken)) await Begin(name, stoppingToken);
                await Task.WhenAny(news, Task.Delay(Glance, clock, stoppingToken));
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                LogBlind(e.Message);
                await Task.Delay(Glance, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(underway.Values);
    }

    async Task Begin(string name, CancellationToken stopping)
    {
        if (underway.TryGetValue(name, out var before) && !before.IsCompleted) return;
        if (heldUntil.TryGetValue(name, out var until) && until > clock.GetUtcNow()) return;
        foreach (var kind in kinds)
        {
            if (await kind.Find(name, stopping) is not { } target) continue;
            underway[name] = Serve(name, target, stopping);
            return;
        }
    }

    async Task Serve(string name, ITarget target, CancellationToken stopping)
    {
        try
        {
            if (await new TargetRun(name, target, queue, events, published, clock, stopping).Run() is not { } unreachable) return;
            heldUntil[name] = clock.GetUtcNow() + unreachable.HoldFor;
            LogUnreachable(name, unreachable.Why);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // What was claimed goes on elsewhere, or here after the next start.
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            LogBlind(e.Message);
        }
        catch (Exception e)
        {
            heldUntil[name] = clock.GetUtcNow() + Glance;
            LogFault(e, name);
        }
    }

    [LoggerMessage(LogLevel.Warning, "What is to be delivered cannot be seen for a moment: {Why}")]
    partial void LogBlind(string why);

    [LoggerMessage(LogLevel.Warning, "{Target} cannot be reached; what is to be delivered to it waits: {Why}")]
    partial void LogUnreachable(string target, string why);

    [LoggerMessage(LogLevel.Error, "Deliveries to {Target} were cut short; they go on in a moment.")]
    partial void LogFault(Exception e, string target);
}
