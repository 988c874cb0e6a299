using RabbitMQ.Client;
using Wolverine;
using Wolverine.RabbitMQ.Internal;

namespace OrderMonolith.Bus;

/// <summary>From Wolverine's envelopes to AMQP's properties, so that who is at the other end need not know Wolverine.</summary>
public sealed class AmqpMapper : IRabbitMqEnvelopeMapper
{
    internal const string CorrelationId = "amqp-correlation-id";

    /// <summary>The header that names the order.</summary>
    internal const string OrderId = "order-id";

    /// <inheritdoc />
    public void MapEnvelopeToOutgoing(Envelope envelope, IBasicProperties outgoing)
    {
        outgoing.Persistent = true;
        outgoing.Headers ??= new Dictionary<string, object?>();
        (outgoing.MessageId, outgoing.Type, outgoing.ContentType) = (envelope.Id.ToString(), envelope.MessageType, envelope.ContentType);
        outgoing.Timestamp = new(envelope.SentAt.ToUnixTimeSeconds());
        if (envelope.Headers.GetValueOrDefault(CorrelationId) is { } correlation) outgoing.CorrelationId = correlation;
        if (envelope.Headers.GetValueOrDefault(OrderId) is { } order) outgoing.Headers[OrderId] = order;
    }

    /// <inheritdoc />
    public void MapIncomingToEnvelope(Envelope envelope, IReadOnlyBasicProperties incoming) => throw new NotSupportedException("Nothing comes in this way.");
}
