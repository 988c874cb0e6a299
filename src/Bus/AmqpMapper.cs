using System.Text;
using RabbitMQ.Client;
using Wolverine;
using Wolverine.RabbitMQ.Internal;

namespace OrderMonolith.Bus;

/// <summary>Between AMQP's properties and Wolverine's envelopes, so that who is at the other end need not know Wolverine.</summary>
/// <param name="self">The user that we are to the broker.</param>
public sealed class AmqpMapper(string self) : IRabbitMqEnvelopeMapper
{
    internal const string MessageId = "amqp-message-id";
    internal const string UserId = "amqp-user-id";
    internal const string ReplyTo = "amqp-reply-to";
    internal const string CorrelationId = "amqp-correlation-id";
    internal const string TraceParent = "traceparent";

    /// <summary>The header that names the order.</summary>
    internal const string OrderId = "order-id";

    /// <inheritdoc />
    public void MapEnvelopeToOutgoing(Envelope envelope, IBasicProperties outgoing)
    {
        outgoing.Persistent = true;
        outgoing.Headers ??= new Dictionary<string, object?>();
        if (envelope.MessageType == ReceivedCommand.Name)
        {
            PutBack(envelope, outgoing);
            return;
        }

        (outgoing.MessageId, outgoing.Type, outgoing.ContentType) = (envelope.Id.ToString(), envelope.MessageType, envelope.ContentType);
        outgoing.Timestamp = new(envelope.SentAt.ToUnixTimeSeconds());
        if (envelope.Headers.GetValueOrDefault(CorrelationId) is { } correlation) outgoing.CorrelationId = correlation;
        if (envelope.Headers.GetValueOrDefault(OrderId) is { } order) outgoing.Headers[OrderId] = order;
    }

    /// <summary>What a node that stops did not begin goes back to the queue as it came. Whom the broker vouched for, it now vouches that we say.</summary>
    void PutBack(Envelope envelope, IBasicProperties outgoing)
    {
        var was = ReceivedCommand.Of(envelope);
        outgoing.ContentType = "application/json";
        if (was.MessageId is { } id) outgoing.MessageId = id;
        if (was.ReplyTo is { } reply) outgoing.ReplyTo = reply;
        if (was.CorrelationId is { } correlation) outgoing.CorrelationId = correlation;
        if (was.TraceParent is { } trace) outgoing.Headers![TraceParent] = trace;
        if (was.UserId is not { } user) return;
        outgoing.UserId = self;
        outgoing.Headers![UserId] = user;
    }

    /// <inheritdoc />
    public void MapIncomingToEnvelope(Envelope envelope, IReadOnlyBasicProperties incoming)
    {
        (envelope.MessageType, envelope.ContentType) = (ReceivedCommand.Name, ReceivedCommandSerializer.Type);
        Keep(MessageId, incoming.MessageId);
        Keep(UserId, incoming.UserId == self && Header(incoming, UserId) is { } behalf ? behalf : incoming.UserId);
        Keep(ReplyTo, incoming.ReplyTo);
        Keep(CorrelationId, incoming.CorrelationId);
        Keep(TraceParent, Header(incoming, TraceParent));
        envelope.Id = Guid.CreateVersion7();

        void Keep(string name, string? value)
        {
            if (value is not null) envelope.Headers[name] = value;
        }
    }

    static string? Header(IReadOnlyBasicProperties incoming, string name)
    {
        object? value = null;
        incoming.Headers?.TryGetValue(name, out value);
        return value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value as string;
    }
}
