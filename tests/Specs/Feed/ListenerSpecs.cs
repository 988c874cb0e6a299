using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Who listens hears everything, once and in order, and costs nothing while nothing happens.</summary>
public sealed class ListenerSpecs(Postgres postgres)
{
    [Fact]
    public async Task Listeners_hear_what_happens_and_go_on_where_they_were()
    {
        await using var service = await Monolith.Start(postgres);
        await DeliverySpecs.Checkout(service, items: 1);
        await Eventually.That(async () => (await service.Send("GET", "/v1/events")).Content.GetArrayLength() == 3);

        string last;
        Guid order;
        await using (var listener = await Listener.To(service))
        {
            order = await DeliverySpecs.Checkout(service, items: 2);
            var heard = await listener.Hear(2);
            Assert.Equal(["order.created.v1", "order.item-added.v1"], heard.Select(e => e.Type));
            Assert.All(heard, e => Assert.Equal((order.ToString(), e.Id), (e.Event.GetProperty("subject").GetString(), e.Event.GetProperty("position").GetString())));
            last = heard[^1].Id;
        }

        var next = await DeliverySpecs.Checkout(service, items: 1);
        await using var again = await Listener.To(service, last);
        var missed = await again.Hear(5);
        Assert.Equal([(order, "3"), (order, "4"), (next, "1"), (next, "2"), (next, "3")],
            missed.Select(e => (e.Event.GetProperty("subject").GetGuid(), e.Event.GetProperty("sequence").GetString()!)));
    }

    [Fact]
    public async Task Who_asks_for_the_head_alone_does_not_wait()
    {
        await using var service = await Monolith.Start(postgres);
        using var head = new HttpRequestMessage(HttpMethod.Head, "/v1/events/stream");
        using var client = service.Client();
        using var answer = await client.SendAsync(head, TestContext.Current.CancellationToken).WaitAsync(Eventually.Never, TestContext.Current.CancellationToken);
        Assert.Equal((200, "text/event-stream"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_thousand_listeners_wake_the_database_once()
    {
        await using var service = await Monolith.Start(postgres);
        await DeliverySpecs.Checkout(service, items: 1);
        await service.CaughtUp();
        var listeners = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => Listener.To(service)));

        using var questions = new QuestionsTo(new NpgsqlConnectionStringBuilder(service.ConnectionString).Database!, "seq_id <=");
        await DeliverySpecs.Checkout(service, items: 1);
        var heard = await Task.WhenAll(listeners.Select(listener => listener.Hear(3)));

        Assert.All(heard, events => Assert.Equal(["order.created.v1", "order.item-added.v1", "order.confirmed.v1"], events.Select(e => e.Type)));
        Assert.InRange(questions.Asked.Count, 1, 20);
        foreach (var listener in listeners) await listener.DisposeAsync();
    }

    /// <summary>Hears what a database is asked.</summary>
    sealed class QuestionsTo : IDisposable
    {
        readonly ActivityListener listener;

        public QuestionsTo(string database, string what)
        {
            listener = new()
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = asked =>
                {
                    if (asked.GetTagItem("db.namespace") is string name && name.Contains(database, StringComparison.Ordinal) && asked.GetTagItem("db.query.text") is string text && text.Contains(what, StringComparison.Ordinal)) Asked.Enqueue(text);
                },
            };
            ActivitySource.AddActivityListener(listener);
        }

        public ConcurrentQueue<string> Asked { get; } = [];

        public void Dispose() => listener.Dispose();
    }
}
