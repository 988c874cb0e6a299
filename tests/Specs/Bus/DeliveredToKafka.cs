using System.Text;
using Confluent.Kafka;
using OrderMonolith.Bus;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;

namespace OrderMonolith.Specs;

/// <summary>Events that are delivered to Kafka: to the cluster of three that librdkafka pretends to be, in this process, on real sockets.</summary>
public sealed class DeliveredToKafka
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_arrive_whole_and_those_of_an_order_in_order_in_one_partition()
    {
        using var cluster = new AdminClientBuilder([new("test.mock.num.brokers", "3"), new("bootstrap.servers", "pretended"), new("log_level", "0")]).Build();
        var servers = string.Join(',', cluster.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}"));
        var target = new KafkaTarget(servers);
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var events = Events.Of(200).Select((e, i) => e with { OrderId = i % 2 == 0 ? first : second }).ToList();
        foreach (var e in events) Assert.Equal(new Attempt.Delivered(), await target.Deliver(e, 1, Cancellation));

        using var consumer = new ConsumerBuilder<string, byte[]>([new("bootstrap.servers", servers), new("group.id", "spec"), new("auto.offset.reset", "earliest"), new("log_level", "0")]).Build();
        consumer.Subscribe(KafkaTarget.Topic);
        var got = new List<ConsumeResult<string, byte[]>>();
        while (got.Count < events.Count) got.Add(consumer.Consume(Cancellation));
        consumer.Close();

        foreach (var order in (Guid[])[first, second])
        {
            var those = got.Where(one => one.Message.Key == $"{order}").ToList();
            Assert.Single(those.Select(one => one.Partition).Distinct());
            Assert.Equal(events.Where(e => e.OrderId == order).Select(e => Encoding.UTF8.GetString(e.Json.Span)), those.Select(one => Encoding.UTF8.GetString(one.Message.Value)));
        }

        Assert.All(got, one =>
        {
            string Header(string name) => Encoding.UTF8.GetString(one.Message.Headers.GetLastBytes(name));
            Assert.Equal((PublicEvent.MediaType, "order.item-added.v1"), (Header("content-type"), Header("ce_type")));
            Assert.Contains(Header("ce_id"), Encoding.UTF8.GetString(one.Message.Value));
        });
    }

    [Fact]
    public async Task Where_nobody_answers_it_is_said_to_be_out_of_reach()
    {
        var target = new KafkaTarget("127.0.0.1:1");
        Assert.IsType<Attempt.Unreachable>(await target.Deliver(Events.Of(1).Single(), 1, Cancellation));
    }
}
