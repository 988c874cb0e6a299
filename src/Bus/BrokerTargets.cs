using Marten;
using OrderMonolith.Deliveries;

namespace OrderMonolith.Bus;

/// <summary>Has all events be noted for the brokers that the settings name, from the first start with such a setting on. They stay noted should the setting go: what waits is delivered when it is back.</summary>
public sealed partial class BrokerTargets(ConnectionStringsSettings brokers, IDocumentStore store, TimeProvider clock, ILogger<BrokerTargets> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var noted = false; !noted && !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await Note(stoppingToken);
                noted = true;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogLater(e.GetBaseException().Message);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task Note(CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (brokers.RabbitMq is not null) session.AddTarget(RabbitTargets.Name, []);
        if (brokers.Kafka is not null) session.AddTarget(KafkaTargets.Name, []);
        await session.SaveChangesAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Warning, "Events cannot be noted for the brokers yet: {Why}")]
    partial void LogLater(string why);
}
