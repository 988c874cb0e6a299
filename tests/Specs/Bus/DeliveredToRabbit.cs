using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Bus;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;
using RabbitMQ.Client;

namespace OrderMonolith.Specs;

/// <summary>Events that are delivered to RabbitMQ.</summary>
[Collection(nameof(Rabbit))]
public sealed class DeliveredToRabbit(Postgres postgres, Rabbit rabbit)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task They_arrive_whole_and_in_order_under_their_type()
    {
        await rabbit.Start();
        await using var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        var target = await Target(service);
        await using var queue = await Subscriber.Open(rabbit, "order.#");

        var events = Events.Of(3).ToList();
        foreach (var e in events) Assert.IsType<Attempt.Delivered>(await Delivered(target, e));

        foreach (var e in events)
        {
            var got = await queue.Next();
            Assert.Equal((e.Type, e.Id.ToString(), e.Type, PublicEvent.MediaType, DeliveryModes.Persistent), (got.RoutingKey, got.Properties.MessageId, got.Properties.Type, got.Properties.ContentType, got.Properties.DeliveryMode));
            Assert.Equal(e.Time.ToUnixTimeSeconds(), got.Properties.Timestamp.UnixTime);
            Assert.Equal(e.OrderId.ToString(), Encoding.UTF8.GetString((byte[])got.Properties.Headers!["order-id"]!));
            Assert.Equal(e.Json.ToArray(), got.Body);
        }
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Many_orders_at_once_are_confirmed_fast()
    {
        await rabbit.Start();
        await using var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        var target = await Target(service);
        await using var queue = await Subscriber.Open(rabbit, "order.#", "quorum");
        const int Many = 20_000;
        var events = Events.Of(Many).ToList();
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(events, new ParallelOptions { MaxDegreeOfParallelism = target.MostAtOnce }, async (e, _) => Assert.Equal(new Attempt.Delivered(), await target.Deliver(e, 1, Cancellation)));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Many / clock.Elapsed.TotalSeconds:F0} confirmed deliveries/s"));
        Assert.Equal(Many, (int)await queue.Count());
    }

    /// <summary>The target, once the service has found the broker.</summary>
    internal static async Task<ITarget> Target(Monolith service)
    {
        ITarget? target = null;
        foreach (var kind in service.Services.GetServices<ITargets>()) target ??= await kind.Find(RabbitTargets.Name, Cancellation);
        Assert.NotNull(target);
        var broker = service.Services.GetRequiredService<RabbitBroker>();
        await Eventually.That(async () => await broker.Trouble(Cancellation) is null);
        return target;
    }

    static async Task<Attempt> Delivered(ITarget target, PublicEvent e) => await target.Deliver(e, 1, Cancellation);
}
