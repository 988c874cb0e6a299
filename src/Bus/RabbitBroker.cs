using System.Diagnostics.CodeAnalysis;
using Wolverine;
using Wolverine.Configuration;
using Wolverine.RabbitMQ;
using Wolverine.RabbitMQ.Internal;
using Wolverine.Runtime;
using Wolverine.Transports.Sending;

namespace OrderMonolith.Bus;

/// <summary>
/// RabbitMQ, through Wolverine's transport. It is joined as soon as it answers, and again whenever it was away; until then, and without it, the service serves as ever.
/// </summary>
/// <remarks>Wolverine itself would hold up the start of the service until the broker is there. So the transport is handed to it only then.</remarks>
public sealed partial class RabbitBroker(ConnectionStringsSettings brokers, IWolverineRuntime runtime, ILogger<RabbitBroker> log) : BackgroundService
{
    /// <summary>The topic exchange that everything public goes to; the routing key is the type of the message.</summary>
    public const string Exchange = "orders";

    /// <summary>The quorum queue that commands come in by.</summary>
    public const string CommandQueue = "orders.commands";

    /// <summary>Longest wait for the broker's word that it has a message.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile Doors? doors;

    /// <summary>Ends when the broker was reached for the first time, and all that is ours is there.</summary>
    public Task Joined => joined.Task;

    /// <summary>Ways out: to the exchange, and to a queue by its name.</summary>
    sealed record Doors(ISender Exchange, ISender Queues, RabbitMqTransport Transport);

    /// <summary>What is wrong with the connection; null where nothing is.</summary>
    public async Task<string?> Trouble(CancellationToken cancellation)
    {
        if (doors is not { } open) return "RabbitMQ has not been reached since the start.";
        var health = await open.Transport.BuildHealthCheck(runtime).CheckHealthAsync(cancellation);
        return health.Status is Wolverine.Transports.TransportHealthStatus.Healthy ? null : health.Message;
    }

    /// <summary>Publishes to the exchange; returns when the broker has confirmed it.</summary>
    /// <param name="message">The message; its topic is the routing key.</param>
    /// <param name="cancellation">Ends the wait, not what is under way.</param>
    /// <exception cref="BrokerAwayException">It cannot be reached, or said nothing in time. It may have the message.</exception>
    /// <exception cref="BrokerRefusedException">It does not take this message.</exception>
    public Task Publish(Envelope message, CancellationToken cancellation) => Send(doors?.Exchange, message, cancellation);

    /// <summary>Sends to the queue that the message's topic names; returns when the broker has confirmed it. A queue that is gone swallows it.</summary>
    /// <inheritdoc cref="Publish" />
    public Task Reply(Envelope message, CancellationToken cancellation) => Send(doors?.Queues, message, cancellation);

    static async Task Send(ISender? door, Envelope message, CancellationToken cancellation)
    {
        if (door is null) throw new BrokerAwayException("RabbitMQ has not been reached yet.");
        try
        {
            await door.SendAsync(message).AsTask().WaitAsync(Patience, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            throw BrokerRefusedException.Is(e) ? new BrokerRefusedException(e) : new BrokerAwayException(e);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (brokers.RabbitMq is null) return;
        RabbitMqTransport? transport = null;
        for (var said = ""; doors is null;)
        {
            try
            {
                transport ??= Transport();
                await Join(transport);
                LogJoined();
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                var why = e.GetBaseException().Message;
                if (why != said) LogAway(said = why);
            }

            await Task.Delay(Pause, stoppingToken);
        }
    }

    async Task Join(RabbitMqTransport transport)
    {
        await transport.ConnectAsync(runtime);
        await transport.InitializeAsync(runtime);
        var (exchange, queue) = (transport.Exchanges[Exchange], transport.Queues[CommandQueue]);
        var opened = new Doors(transport.BuildSender(exchange, RoutingMode.ByTopic, runtime), transport.BuildSender(queue, RoutingMode.ByTopic, runtime), transport);

        // Of those who come first together, all but one would find the channel open and yet be told that it is not.
        foreach (var door in (ISender[])[opened.Exchange, opened.Queues]) await door.PingAsync();
        doors = opened;
        joined.TrySetResult();
    }

    /// <summary>What is ours at the broker.</summary>
    RabbitMqTransport Transport()
    {
        var (options, address) = (runtime.Options, new Uri(brokers.RabbitMq!));
        var rabbit = options.UseRabbitMq(factory =>
        {
            factory.Uri = address;
            factory.ClientProvidedName = options.ServiceName;
            factory.NetworkRecoveryInterval = Pause;
        });
        rabbit.AutoProvision()
            .DisableDeadLetterQueueing()
            .DisableSystemRequestReplyQueueDeclaration()
            .ConfigureChannelCreation(channel => (channel.PublisherConfirmationsEnabled, channel.PublisherConfirmationTrackingEnabled) = (true, true))
            .DeclareQueue(CommandQueue, queue =>
            {
                queue.QueueType = QueueType.quorum;
                queue.Arguments["x-single-active-consumer"] = true;
            });
        options.PublishMessagesToRabbitMqExchange<Unrouted>(Exchange, _ => "").UseInterop(new AmqpMapper());
        options.PublishMessage<Unrouted>().ToRabbitQueue(CommandQueue).UseInterop(new AmqpMapper());
        return options.Transports.GetOrCreate<RabbitMqTransport>();
    }

    /// <summary>Nothing is published by its type: this names the doors to Wolverine, and how they write.</summary>
    [SuppressMessage("Performance", "CA1812", Justification = "It is only named.")]
    sealed record Unrouted;

    [LoggerMessage(LogLevel.Information, "RabbitMQ is there: events go out, commands come in.")]
    partial void LogJoined();

    [LoggerMessage(LogLevel.Warning, "RabbitMQ cannot be used; everything else goes on: {Why}")]
    partial void LogAway(string why);
}
