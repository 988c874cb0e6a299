using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace OrderMonolith.Specs;

/// <summary>A message as somebody else than the service gets it.</summary>
public sealed record Arrival(string RoutingKey, IReadOnlyBasicProperties Properties, byte[] Body);

/// <summary>A queue of somebody else at the exchange of the service.</summary>
public sealed class Subscriber : IAsyncDisposable
{
    readonly Channel<Arrival> arrived = Channel.CreateUnbounded<Arrival>();
    IConnection connection;
    IChannel channel;
    bool consumes;

    Subscriber(IConnection connection, IChannel channel, string name) => (this.connection, this.channel, Name) = (connection, channel, name);

    /// <summary>What it is called.</summary>
    public string Name { get; }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Makes one that gets what has such routing keys.</summary>
    public static async Task<Subscriber> Open(Rabbit rabbit, string keys, string type = "classic")
    {
        var (connection, channel) = await Connected(rabbit);
        var name = $"spec.{Guid.NewGuid():N}";
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = type }, cancellationToken: Cancellation);
        await channel.QueueBindAsync(name, "orders", keys, cancellationToken: Cancellation);
        return new(connection, channel, name);
    }

    /// <summary>How many wait in it.</summary>
    public Task<uint> Count() => channel.MessageCountAsync(Name, Cancellation);

    /// <summary>The next that arrives.</summary>
    public async Task<Arrival> Next()
    {
        if (!consumes)
        {
            consumes = true;
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, got) => await arrived.Writer.WriteAsync(new(got.RoutingKey, new BasicProperties(got.BasicProperties), got.Body.ToArray()));
            await channel.BasicConsumeAsync(Name, autoAck: true, consumer, Cancellation);
        }

        return await arrived.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Eventually.Never, Cancellation);
    }

    /// <summary>Leaves its queue to itself.</summary>
    public ValueTask Leave() => connection.DisposeAsync();

    /// <summary>Comes back to it.</summary>
    public async Task Return(Rabbit rabbit) => (connection, channel) = await Connected(rabbit);

    static async Task<(IConnection, IChannel)> Connected(Rabbit rabbit)
    {
        var connection = await rabbit.Connect();
        return (connection, await connection.CreateChannelAsync(cancellationToken: Cancellation));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (connection.IsOpen) await channel.QueueDeleteAsync(Name, cancellationToken: Cancellation);
        await connection.DisposeAsync();
    }
}
