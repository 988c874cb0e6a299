using Wolverine;
using Wolverine.Attributes;
using Wolverine.Runtime.Serialization;

namespace OrderMonolith.Bus;

/// <summary>A message from the queue of commands, as it came.</summary>
/// <param name="Body">What it says, if it can be read.</param>
/// <param name="MessageId">Its id, by the sender.</param>
/// <param name="UserId">Who sent it, as far as the broker vouches for that.</param>
/// <param name="ReplyTo">The queue that the answer goes to; without one it is published.</param>
/// <param name="CorrelationId">What the sender tells the answer by.</param>
/// <param name="TraceParent">The W3C trace that it belongs to.</param>
[MessageIdentity(Name)]
public sealed record ReceivedCommand(ReadOnlyMemory<byte> Body, string? MessageId, string? UserId, string? ReplyTo, string? CorrelationId, string? TraceParent)
{
    /// <summary>What it is called among the dead letters.</summary>
    public const string Name = "order-command";

    internal static ReceivedCommand Of(Envelope envelope)
    {
        string? Header(string name) => envelope.Headers.GetValueOrDefault(name);
        return new(envelope.Data, Header(AmqpMapper.MessageId), Header(AmqpMapper.UserId), Header(AmqpMapper.ReplyTo), Header(AmqpMapper.CorrelationId), Header(AmqpMapper.TraceParent));
    }
}

/// <summary>What is kept of a message is the body as it came; the rest is in the headers.</summary>
public sealed class ReceivedCommandSerializer : IMessageSerializer
{
    /// <summary>How such a message is told from others.</summary>
    public const string Type = "application/vnd.order-command";

    /// <inheritdoc />
    public string ContentType => Type;

    /// <inheritdoc />
    public byte[] Write(Envelope envelope) => WriteMessage(envelope.Message!);

    /// <inheritdoc />
    public byte[] WriteMessage(object message) => ((ReceivedCommand)message).Body.ToArray();

    /// <inheritdoc />
    public object ReadFromData(Type messageType, Envelope envelope) => ReceivedCommand.Of(envelope);

    /// <inheritdoc />
    public object ReadFromData(byte[] data) => throw new NotSupportedException("Without its headers a message is none.");
}
