using System.Runtime.InteropServices;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using Wolverine;

namespace OrderMonolith.Bus;

/// <summary>RabbitMQ as a target: every event goes to the exchange, under its type, and counts as delivered when the broker has confirmed it.</summary>
public sealed class RabbitTarget(RabbitBroker broker) : ITarget
{
    /// <summary>Attempts at an event that the broker refuses, before somebody has to look: an hour or so.</summary>
    const int MostAttempts = 12;

    static readonly TimeSpan Hold = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public int MostAtOnce => 256;

    /// <inheritdoc />
    public TimeSpan Patience => RabbitBroker.Patience;

    /// <inheritdoc />
    public async Task<Attempt> Deliver(PublicEvent e, int number, CancellationToken cancellation)
    {
        try
        {
            await broker.Publish(Message(e), cancellation);
            return new Attempt.Delivered();
        }
        catch (BrokerAwayException away)
        {
            return new Attempt.Unreachable(away.Message, Hold);
        }
        catch (BrokerRefusedException refused)
        {
            return new Attempt.Failed(refused.Message, Retry(number));
        }
    }

    /// <summary>After 1, 2, 4 … seconds, at most ten minutes; null after the last attempt.</summary>
    internal static TimeSpan? Retry(int number) => number >= MostAttempts ? null : TimeSpan.FromSeconds(Math.Min(600, Math.Pow(2, number - 1)));

    static Envelope Message(PublicEvent e)
    {
        var message = new Envelope
        {
            Id = e.Id,
            MessageType = e.Type,
            TopicName = e.Type,
            ContentType = PublicEvent.MediaType,
            SentAt = e.Time,
            Data = Bytes(e.Json),
        };
        message.Headers[AmqpMapper.OrderId] = e.OrderId.ToString();
        return message;
    }

    /// <summary>The array behind it, where that is all of it.</summary>
    internal static byte[] Bytes(ReadOnlyMemory<byte> json) =>
        MemoryMarshal.TryGetArray(json, out var all) && all.Offset == 0 && all.Count == all.Array!.Length ? all.Array : json.ToArray();
}

/// <summary>The one target that RabbitMQ is, where there is one.</summary>
public sealed class RabbitTargets(ConnectionStringsSettings brokers, RabbitBroker broker) : ITargets
{
    /// <summary>Its name.</summary>
    public const string Name = "rabbitmq";

    readonly RabbitTarget? target = brokers.RabbitMq is null ? null : new(broker);

    /// <inheritdoc />
    public ValueTask<ITarget?> Find(string name, CancellationToken cancellation) => new(name == Name ? target : null);
}
