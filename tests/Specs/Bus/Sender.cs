using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace OrderMonolith.Specs;

/// <summary>The answer to a command, as its sender gets it.</summary>
public sealed record CommandAnswer(string Type, string? Correlation, string Text)
{
    /// <summary>What it says.</summary>
    public JsonElement Data => JsonElement.Parse(Text).GetProperty("data");
}

/// <summary>Somebody who sends commands by RabbitMQ.</summary>
public sealed class Sender : IAsyncDisposable
{
    readonly IConnection connection;
    readonly IChannel channel;
    readonly Channel<CommandAnswer> answers = Channel.CreateUnbounded<CommandAnswer>();
    string replies = "";

    Sender(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Sender> Open(Rabbit rabbit)
    {
        var connection = await rabbit.Connect();
        var sender = new Sender(connection, await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Cancellation));
        sender.replies = (await sender.channel.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;
        var consumer = new AsyncEventingBasicConsumer(sender.channel);
        consumer.ReceivedAsync += async (_, got) => await sender.answers.Writer.WriteAsync(new(got.BasicProperties.Type!, got.BasicProperties.CorrelationId, Encoding.UTF8.GetString(got.Body.Span)));
        await sender.channel.BasicConsumeAsync(sender.replies, autoAck: true, consumer, Cancellation);
        return sender;
    }

    public Task Send(string body, string? id, string? correlation = null, string? user = null, string? trace = null, bool reply = true) =>
        Send(Encoding.UTF8.GetBytes(body), id, correlation, user, trace, reply);

    public async Task Send(byte[] body, string? id, string? correlation = null, string? user = null, string? trace = null, bool reply = true)
    {
        var message = new BasicProperties { Persistent = true, ContentType = "application/json" };
        if (id is not null) message.MessageId = id;
        if (correlation is not null) message.CorrelationId = correlation;
        if (user is not null) message.UserId = user;
        if (reply) message.ReplyTo = replies;
        if (trace is not null) message.Headers = new Dictionary<string, object?> { ["traceparent"] = trace };
        await channel.BasicPublishAsync("", "orders.commands", mandatory: true, message, body, Cancellation);
    }

    /// <summary>The next answer.</summary>
    public async Task<CommandAnswer> Answer() => await answers.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Eventually.Never, Cancellation);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
