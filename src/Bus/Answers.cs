using System.Globalization;
using System.Text.Json;
using OrderMonolith.Contracts;
using OrderMonolith.Storage;
using UUIDNext;
using Wolverine;

namespace OrderMonolith.Bus;

/// <summary>How a command ended.</summary>
/// <param name="OrderId">The order, where it is known.</param>
/// <param name="Version">The version that the order has after it, if it was applied.</param>
/// <param name="Code">The code of the problem, if it was refused.</param>
/// <param name="Message">The reason in a sentence, for people.</param>
/// <param name="CurrentVersion">The version that the order has, where the command did not fit it.</param>
/// <param name="Errors">What is wrong with which member.</param>
public sealed record Verdict(Guid? OrderId, long? Version, string? Code = null, string? Message = null, long? CurrentVersion = null, IReadOnlyDictionary<string, string[]>? Errors = null)
{
    /// <summary>Applied, also where there was nothing to do.</summary>
    public static Verdict Applied(Guid orderId, long version) => new(orderId, version);

    /// <summary>Refused; nothing changed.</summary>
    public static Verdict Refused(string code, string message, long? currentVersion = null, IReadOnlyDictionary<string, string[]>? errors = null, Guid? orderId = null) =>
        new(orderId, null, code, message, currentVersion, errors);
}

/// <summary>What an answer says.</summary>
/// <param name="Command">What the command is called.</param>
/// <param name="OrderId">The order.</param>
/// <param name="MessageId">The id of the message that is answered.</param>
/// <param name="Version">The version that the order has after it, if it was applied.</param>
/// <param name="Code">The code of the problem, if it was refused; <c>/problems/{code}</c> explains it.</param>
/// <param name="Message">The reason in a sentence, for people.</param>
/// <param name="CurrentVersion">The version that the order has, where the command did not fit it.</param>
/// <param name="Errors">What is wrong with which member.</param>
public sealed record CommandAnswered(
    string? Command,
    Guid? OrderId,
    string? MessageId,
    long? Version = null,
    string? Code = null,
    string? Message = null,
    long? CurrentVersion = null,
    IReadOnlyDictionary<string, string[]>? Errors = null);

/// <summary>Answers commands: to the queue that the sender names, else to everybody. However often the same is answered, it has the same id.</summary>
public sealed class Answers(RabbitBroker broker, StoreEpoch epoch)
{
    /// <summary>The type of the answer to a command that was applied.</summary>
    public const string Applied = "command.applied.v1";

    /// <summary>The type of the answer to a command that was refused.</summary>
    public const string Refused = "command.refused.v1";

    static readonly Guid NameSpace = new("0c2f5d57-7b5e-5b0e-8d38-1f6a1c0b7a11");

    /// <summary>A CloudEvent 1.0 in JSON.</summary>
    sealed record CloudEvent(string Specversion, Guid Id, string Source, string Type, Guid? Subject, string Datacontenttype, CommandAnswered Data);

    /// <summary>Sends an answer; returns when the broker has confirmed it.</summary>
    /// <exception cref="BrokerAwayException">It may or may not have it.</exception>
    /// <exception cref="BrokerRefusedException">It does not take it.</exception>
    public async Task Send(ReceivedCommand asked, CommandMessage? command, Verdict verdict, CancellationToken cancellation)
    {
        var (type, order) = (verdict.Code is null ? Applied : Refused, verdict.OrderId ?? command?.OrderId);
        var data = new CommandAnswered(command?.Type, order, asked.MessageId, verdict.Version, verdict.Code, verdict.Message, verdict.CurrentVersion, verdict.Errors);
        var answer = new CloudEvent("1.0", IdOf(asked, verdict), $"urn:uuid:{await epoch.Current(cancellation)}", type, order, "application/json", data);
        var message = new Envelope
        {
            Id = answer.Id,
            MessageType = type,
            TopicName = asked.ReplyTo ?? type,
            ContentType = PublicEvent.MediaType,
            Data = JsonSerializer.SerializeToUtf8Bytes(answer, Json.Stored),
        };
        if (asked.CorrelationId is { } correlation) message.Headers[AmqpMapper.CorrelationId] = correlation;
        if (order is { } id) message.Headers[AmqpMapper.OrderId] = id.ToString();
        await (asked.ReplyTo is null ? broker.Publish(message, cancellation) : broker.Reply(message, cancellation));
    }

    static Guid IdOf(ReceivedCommand asked, Verdict verdict) => asked.MessageId is null
        ? Guid.CreateVersion7()
        : Uuid.NewNameBased(NameSpace, string.Join('\n', asked.UserId, asked.MessageId, verdict.Version?.ToString(CultureInfo.InvariantCulture), verdict.Code));
}
