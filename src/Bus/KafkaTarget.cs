using System.Text;
using Confluent.Kafka;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using Wolverine;
using Wolverine.Kafka;
using Wolverine.Kafka.Internals;

namespace OrderMonolith.Bus;

/// <summary>Kafka as a target: every event goes to the topic under its order's id, so that an order's events stay in one partition, and counts as delivered when all replicas in sync have it.</summary>
public sealed class KafkaTarget(string servers) : ITarget
{
    /// <summary>The topic. Whoever runs Kafka creates it, with as many partitions as it shall have for ever; or Kafka does where it may.</summary>
    public const string Topic = "orders";

    static readonly TimeSpan Hold = TimeSpan.FromSeconds(2);

    readonly Lock making = new();
    InlineKafkaSender? sender;

    /// <inheritdoc />
    public int MostAtOnce => 256;

    /// <inheritdoc />
    public TimeSpan Patience => TimeSpan.FromSeconds(20);

    /// <inheritdoc />
    public async Task<Attempt> Deliver(PublicEvent e, int number, CancellationToken cancellation)
    {
        var used = Sender();
        try
        {
            await used.SendAsync(new Envelope { Id = e.Id, MessageType = e.Type, PartitionKey = e.OrderId.ToString(), ContentType = PublicEvent.MediaType, Data = RabbitTarget.Bytes(e.Json) })
                .AsTask().WaitAsync(cancellation);
            return new Attempt.Delivered();
        }
        catch (KafkaException failed) when (failed.Error.IsFatal)
        {
            Replace(used);
            return new Attempt.Unreachable(failed.Error.Reason, Hold);
        }
        catch (KafkaException failed)
        {
            return failed.Error.IsLocalError && failed.Error.Code is not ErrorCode.MsgSizeTooLarge
                ? new Attempt.Unreachable(failed.Error.Reason, Hold)
                : new Attempt.Failed(failed.Error.Reason, RabbitTarget.Retry(number));
        }
    }

    InlineKafkaSender Sender()
    {
        lock (making) return sender ??= Make();
    }

    /// <summary>A producer that failed for good is never again of use.</summary>
    void Replace(InlineKafkaSender failed)
    {
        lock (making)
        {
            if (sender == failed) sender = null;
        }
    }

    InlineKafkaSender Make()
    {
        var transport = new KafkaTransport();
        var config = transport.ProducerConfig;
        (config.BootstrapServers, config.ClientId, config.Acks, config.EnableIdempotence) = (servers, "order-monolith", Acks.All, true);
        (config.LingerMs, config.MessageTimeoutMs) = (2, 10_000);

        // What goes wrong is told with each delivery; the library's own lines would go past the log.
        config.Set("log_level", "0");
        return new(new KafkaTopic(transport, Topic, Wolverine.Configuration.EndpointRole.Application) { EnvelopeMapper = new Mapper() }, fixedDestination: true);
    }

    /// <summary>The CloudEvent as it is; what to choose by stands in the headers too.</summary>
    sealed class Mapper : IKafkaEnvelopeMapper
    {
        public void MapEnvelopeToOutgoing(Envelope envelope, Message<string, byte[]> outgoing)
        {
            (outgoing.Key, outgoing.Value, outgoing.Headers) = (envelope.PartitionKey!, envelope.Data!, []);
            foreach (var (name, value) in new[] { ("content-type", envelope.ContentType), ("ce_type", envelope.MessageType), ("ce_id", envelope.Id.ToString()) })
                outgoing.Headers.Add(name, Encoding.UTF8.GetBytes(value!));
        }

        public void MapIncomingToEnvelope(Envelope envelope, Message<string, byte[]> incoming) => throw new NotSupportedException("Nothing is read from Kafka.");
    }
}

/// <summary>The one target that Kafka is, where there is one.</summary>
public sealed class KafkaTargets(ConnectionStringsSettings brokers) : ITargets
{
    /// <summary>Its name.</summary>
    public const string Name = "kafka";

    readonly KafkaTarget? target = brokers.Kafka is { } servers ? new(servers) : null;

    /// <inheritdoc />
    public ValueTask<ITarget?> Find(string name, CancellationToken cancellation) => new(name == Name ? target : null);
}
