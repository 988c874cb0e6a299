using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Commands that come by RabbitMQ, and their answers.</summary>
[Collection(nameof(Rabbit))]
public sealed class QueuedCommands(Postgres postgres, Rabbit rabbit)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Each_is_done_in_the_order_sent_and_answered_to_the_sender()
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        var order = Guid.NewGuid();
        string[] bodies =
        [
            $$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1","items":[{"productId":"tea","quantity":2,"unitPrice":9.5}]}""",
            $$"""{"type":"AddItem","orderId":"{{order}}","productId":"pot","quantity":1,"unitPrice":20,"ifMatch":2}""",
            $$"""{"type":"RemoveItem","orderId":"{{order}}","productId":"tea","quantity":1}""",
            $$"""{"ifMatch":4,"orderId":"{{order}}","type":"ConfirmOrder"}""",
            $$"""{"type":"CancelOrder","orderId":"{{order}}","reason":"changed my mind"}""",
        ];
        foreach (var (i, body) in bodies.Index()) await sender.Send(body, $"m{i} of {order}".Replace(' ', '-'), correlation: $"c{i}");

        foreach (var (i, version) in bodies.Select((_, i) => (i, i + 2)))
        {
            var answer = await sender.Answer();
            Assert.Equal(("command.applied.v1", $"c{i}", version, order), (answer.Type, answer.Correlation, answer.Data.GetProperty("version").GetInt32(), answer.Data.GetProperty("orderId").GetGuid()));
        }

        var shown = (await service.Send("GET", $"/v1/orders/{order}")).Content;
        Assert.Equal(("Cancelled", "changed my mind", 2), (shown.GetProperty("status").GetString(), shown.GetProperty("cancelReason").GetString(), shown.GetProperty("itemCount").GetInt32()));
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task It_is_stored_who_sent_it_and_from_what()
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        var order = Guid.NewGuid();
        const string Trace = "0af7651916cd43dd8448eb211c80319c";
        await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"first-{order}", user: "guest", trace: $"00-{Trace}-b7ad6b7169203331-01");
        await sender.Send($$"""{"type":"CancelOrder","orderId":"{{order}}"}""", $"second-{order}");
        for (var n = 0; n < 2; n++) await sender.Answer();

        var events = (await service.Send("GET", $"/v1/orders/{order}/events")).Content.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([("guest", $"first-{order}"), ("rabbitmq", $"second-{order}")], events.Select(e => (e.GetProperty("actor").GetString()!, e.GetProperty("causationId").GetString()!)));
        Assert.Equal(Trace, events[0].GetProperty("correlationId").GetString());
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Without_somewhere_to_reply_the_answer_is_published()
    {
        await using var service = await Started();
        await using var queue = await Subscriber.Open(rabbit, "command.*.v1");
        await using var sender = await Sender.Open(rabbit);
        var order = Guid.NewGuid();
        await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"{order}", reply: false);

        var got = await queue.Next();
        var answer = JsonElement.Parse(got.Body);
        Assert.Equal(("command.applied.v1", "application/cloudevents+json"), (got.RoutingKey, got.Properties.ContentType));
        Assert.Equal(("1.0", got.Properties.MessageId, "command.applied.v1", order, "application/json"), (
            answer.GetProperty("specversion").GetString(), answer.GetProperty("id").GetString(), answer.GetProperty("type").GetString(), answer.GetProperty("subject").GetGuid(), answer.GetProperty("datacontenttype").GetString()));
        Assert.StartsWith("urn:uuid:", answer.GetProperty("source").GetString());
        Assert.Equal($$"""{"command":"CreateOrder","orderId":"{{order}}","messageId":"{{order}}","version":1}""", answer.GetProperty("data").GetRawText());
    }

    [OutsideTheory(OutsideFactAttribute.Broker)]
    [InlineData("""{"type":"ConfirmOrder","orderId":"ORDER"}""", "order-is-empty", null, 1)]
    [InlineData("""{"type":"AddItem","orderId":"ORDER","productId":"tea","quantity":1,"unitPrice":1,"ifMatch":7}""", "version-conflict", null, 1)]
    [InlineData("""{"type":"RemoveItem","orderId":"ORDER","productId":"tea"}""", "item-not-in-order", null, null)]
    [InlineData("""{"type":"CreateOrder","orderId":"ORDER","customerId":"c1"}""", "order-already-exists", null, 1)]
    [InlineData("""{"type":"ConfirmOrder","orderId":"d5d7ca33-b3a5-4e0f-9d8e-27b9a0a9e1a3"}""", "order-not-found", null, null)]
    [InlineData("""{"type":"AddItem","orderId":"ORDER","productId":"tea","quantity":0,"unitPrice":1}""", "validation-failed", "quantity", null)]
    [InlineData("""{"type":"AddItem","orderId":"ORDER","productId":"tea","quantity":1,"unitPrice":1,"colour":"red"}""", "validation-failed", "colour", null)]
    [InlineData("""{"type":"AddItem","orderId":"ORDER","productId":"tea","quantity":"1","unitPrice":1}""", "malformed-request", null, null)]
    [InlineData("""{"type":"AddItem","orderId":"ORDER","productId":"tea","productId":"pot","quantity":1,"unitPrice":1}""", "malformed-request", null, null)]
    [InlineData("""{"type":"ConfirmOrder"}""", "validation-failed", "orderId", null)]
    [InlineData("""{"type":"ConfirmOrder","orderId":"ORDER","ifMatch":0}""", "validation-failed", "ifMatch", null)]
    [InlineData("""{"type":"CreateOrder","customerId":"c1","ifMatch":1}""", "validation-failed", "ifMatch", null)]
    [InlineData("""{"type":"CreateOrder"}""", "validation-failed", "customerId", null)]
    [InlineData("""{"type":"Confirm","orderId":"ORDER"}""", "validation-failed", "type", null)]
    [InlineData("""{"orderId":"ORDER"}""", "validation-failed", "type", null)]
    [InlineData("[]", "malformed-request", null, null)]
    [InlineData("{\"type\":\"ConfirmOrder\",\"orderId\":\"ORDER\",\"\\ud800\":1}", "malformed-request", null, null)]
    [InlineData("", "malformed-request", null, null)]
    public async Task What_cannot_be_done_is_refused(string body, string code, string? error, int? currentVersion)
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        var order = Guid.NewGuid();
        await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"{order}");
        await sender.Answer();

        await sender.Send(body.Replace("ORDER", $"{order}"), $"{Guid.NewGuid()}");
        var refused = await sender.Answer();
        Assert.Equal(("command.refused.v1", code), (refused.Type, refused.Data.GetProperty("code").GetString()));
        Assert.NotEmpty(refused.Data.GetProperty("message").GetString()!);
        if (error is not null) Assert.Equal(error, Assert.Single(refused.Data.GetProperty("errors").EnumerateObject()).Name);
        Assert.Equal(currentVersion, refused.Data.TryGetProperty("currentVersion", out var current) ? current.GetInt32() : null);
        Assert.Equal(1L, await service.Query<long>("select count(*) from events.mt_events"));
    }

    [OutsideTheory(OutsideFactAttribute.Broker)]
    [InlineData(null, null, "validation-failed")]
    [InlineData("two words", null, "validation-failed")]
    [InlineData("good", "{\"type\":\"CreateOrder\",\"customerId\":\"\u00ff\"}", "malformed-request")]
    public async Task A_message_needs_an_id_and_utf8(string? id, string? latin, string code)
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        await sender.Send(Encoding.Latin1.GetBytes(latin ?? """{"type":"CreateOrder","customerId":"c1"}"""), id);
        Assert.Equal(code, (await sender.Answer()).Data.GetProperty("code").GetString());
        Assert.Equal(0L, await service.Query<long>("select count(*) from events.mt_events"));
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Sent_again_it_has_no_second_effect_and_the_same_answer()
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        await using var other = await Sender.Open(rabbit);
        const string Body = """{"type":"CreateOrder","customerId":"c1"}""";
        var id = $"{Guid.NewGuid()}";
        await sender.Send(Body, id);
        var first = await sender.Answer();

        await sender.Send(Body, id);
        await other.Send(Body, id);
        Assert.Equal(first.Text, (await sender.Answer()).Text);
        Assert.Equal(first.Text, (await other.Answer()).Text);

        await sender.Send("""{"type":"CreateOrder","customerId":"c2"}""", id);
        Assert.Equal("idempotency-key-reused", (await sender.Answer()).Data.GetProperty("code").GetString());
        Assert.Equal(1L, await service.Query<long>("select count(*) from events.mt_events"));
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task While_somebody_holds_the_order_it_waits()
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        var order = Guid.NewGuid();
        await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"{order}");
        await sender.Answer();

        await using var owner = NpgsqlDataSource.Create(service.ConnectionString);
        await using var connection = await owner.OpenConnectionAsync(Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var hold = new NpgsqlCommand($"select from events.mt_streams where id = '{order}' for update", connection, transaction);
            await hold.ExecuteNonQueryAsync(Cancellation);
            await sender.Send($$"""{"type":"CancelOrder","orderId":"{{order}}"}""", $"cancel-{order}");
            await Eventually.That(async () => await service.Query<long>("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") > 0);
        }

        var answer = await sender.Answer();
        Assert.Equal(("command.applied.v1", 2), (answer.Type, answer.Data.GetProperty("version").GetInt32()));
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Many_are_done_in_the_order_sent()
    {
        await using var service = await Started();
        await using var sender = await Sender.Open(rabbit);
        const int Orders = 20, Items = 10;
        var orders = Enumerable.Range(0, Orders).Select(_ => Guid.NewGuid()).ToList();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var order in orders) await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"{order}");
        for (var n = 1; n <= Items; n++)
            foreach (var order in orders) await sender.Send($$"""{"type":"AddItem","orderId":"{{order}}","productId":"p{{n}}","quantity":{{n}},"unitPrice":1,"ifMatch":{{n}}}""", $"{order}/{n}");
        foreach (var order in orders) await sender.Send($$"""{"type":"ConfirmOrder","orderId":"{{order}}"}""", $"{order}/confirm");

        for (var n = 0; n < Orders * (Items + 2); n++)
        {
            var answer = await sender.Answer();
            Assert.True(answer.Type == "command.applied.v1", answer.Text);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Orders * (Items + 2) / clock.Elapsed.TotalSeconds:F0} answered commands/s"));
        Assert.Equal((long)Orders, await service.Query<long>("select count(*) from events.mt_events where type = 'order_confirmed' and version = 12"));
    }

    async Task<Monolith> Started()
    {
        await rabbit.Start();
        var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        await DeliveredToRabbit.Target(service);
        return service;
    }
}
