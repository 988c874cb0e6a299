using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Wolverine.Attributes;

namespace OrderMonolith.Bus;

/// <summary>A message from the queue of commands, as it came. As a message of ours it is a dead letter that is tried again.</summary>
/// <param name="Body">What it says, if it can be read.</param>
/// <param name="OrderId">The order that it names, if it does.</param>
/// <param name="MessageId">Its id, by the sender.</param>
/// <param name="UserId">Who sent it, as far as the broker vouches for that.</param>
/// <param name="ReplyTo">The queue that the answer goes to; without one it is published.</param>
/// <param name="CorrelationId">What the sender tells the answer by.</param>
/// <param name="TraceParent">The W3C trace that it belongs to.</param>
[MessageIdentity("order_command"), LocalQueue("commands")]
public sealed record ReceivedCommand(string Body, Guid? OrderId, string? MessageId, string? UserId, string? ReplyTo, string? CorrelationId, string? TraceParent)
{
    /// <summary>A message as the client hands it over, which takes it back afterwards.</summary>
    internal static ReceivedCommand Of(BasicDeliverEventArgs got)
    {
        var (body, its) = (got.Body, got.BasicProperties);
        return new(Utf8.IsValid(body.Span) ? Encoding.UTF8.GetString(body.Span) : "", OrderOf(body), its.MessageId, its.UserId, its.ReplyTo is "" ? null : its.ReplyTo, its.CorrelationId, Header(its, "traceparent"));
    }

    /// <summary>A first look, which says nothing about whether the rest can be read.</summary>
    static Guid? OrderOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } command && command.TryGetProperty("orderId", out var order) && order.ValueKind is JsonValueKind.String && order.TryGetGuid(out var id) ? id : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? Header(IReadOnlyBasicProperties its, string name)
    {
        object? value = null;
        its.Headers?.TryGetValue(name, out value);
        return value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value as string;
    }
}
