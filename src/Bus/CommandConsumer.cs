using System.Globalization;
using OrderMonolith.Commands;
using OrderMonolith.Storage;
using Polly;
using Polly.Retry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Wolverine;

namespace OrderMonolith.Bus;

/// <summary>Takes commands from the broker: those of an order one after another, in the order sent, different orders at once. One node at a time takes them.</summary>
/// <remarks>
/// The broker keeps each until it was answered, so nothing is lost whatever stops or goes away: what comes again has its effect once, because the runner knows its id. What fails for a reason
/// that will not pass becomes a message of ours, which ends among the dead letters if it fails again. Wolverine's own listener was left aside: it acknowledges before the command is done,
/// or takes one at a time, and did not come back after the broker was killed.
/// </remarks>
public sealed partial class CommandConsumer(ConnectionStringsSettings brokers, RabbitBroker broker, CommandMessages commands, IServiceScopeFactory scopes, TimeProvider clock, ILogger<CommandConsumer> log) : BackgroundService
{
    /// <summary>Most commands that are underway; so many can share a commit.</summary>
    const ushort MostAtOnce = 64;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>What goes away passes, and meanwhile no other command would fare better; all else is tried for some seconds.</summary>
    readonly ResiliencePipeline patience = new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(Retry(Passes, int.MaxValue))
        .AddRetry(Retry(e => !Passes(e), 6))
        .Build();

    static RetryStrategyOptions Retry(Func<Exception, bool> what, int most) =>
        new() { ShouldHandle = new PredicateBuilder().Handle(what), MaxRetryAttempts = most, Delay = TimeSpan.FromMilliseconds(50), BackoffType = DelayBackoffType.Exponential, UseJitter = true, MaxDelay = LongestPause };

    static bool Passes(Exception e) => e is BrokerAwayException or ServerBusyException || StorageFault.Is(e);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (brokers.RabbitMq is not { } address) return;
        await broker.Joined.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Consume(new(address), stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogAway(e.GetBaseException().Message);
            }

            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Until the connection breaks. Then nothing more can be acknowledged, and all that was not comes again by another.</summary>
    async Task Consume(Uri address, CancellationToken stopping)
    {
        var factory = new ConnectionFactory { Uri = address, ClientProvidedName = "order-monolith commands", AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(stopping);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
        using var open = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        channel.ChannelShutdownAsync += (_, _) => open.CancelAsync();
        await channel.BasicQosAsync(0, MostAtOnce, global: false, stopping);

        using var acknowledging = new SemaphoreSlim(1);
        var turns = new Turns<string>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, got) =>
        {
            var (command, tag) = (ReceivedCommand.Of(got), got.DeliveryTag);
            turns.Take(command.OrderId?.ToString() ?? tag.ToString(CultureInfo.InvariantCulture), () => Finish(command, async () =>
            {
                await acknowledging.WaitAsync(open.Token);
                await channel.BasicAckAsync(tag, multiple: false, open.Token);
                acknowledging.Release();
            }, open.Token));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(RabbitBroker.CommandQueue, autoAck: false, consumer, stopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, open.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await turns.Done();
    }

    async Task Finish(ReceivedCommand command, Func<Task> acknowledge, CancellationToken open)
    {
        try
        {
            try
            {
                await patience.ExecuteAsync(async cancellation => await commands.Take(command, cancellation), open);
            }
            catch (Exception e) when (!open.IsCancellationRequested)
            {
                LogPutAside(command.MessageId, e.Message);
                await patience.ExecuteAsync(async _ => await PutAside(command), open);
            }

            await acknowledge();
        }
        catch (Exception) when (open.IsCancellationRequested)
        {
            // It comes again.
        }
        catch (Exception e)
        {
            LogFault(e, command.MessageId);
        }
    }

    async Task PutAside(ReceivedCommand command)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(command);
    }

    [LoggerMessage(LogLevel.Warning, "Commands cannot be taken from RabbitMQ for a moment: {Why}")]
    partial void LogAway(string why);

    [LoggerMessage(LogLevel.Warning, "The command {MessageId} cannot be done; it is tried once more aside from the others, and else becomes a dead letter: {Why}")]
    partial void LogPutAside(string? messageId, string why);

    [LoggerMessage(LogLevel.Error, "The command {MessageId} could not be finished; it comes again when the connection does.")]
    partial void LogFault(Exception e, string? messageId);
}
