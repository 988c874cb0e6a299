using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using OrderMonolith.Bus;

namespace OrderMonolith.Specs;

/// <summary>RabbitMQ dies, and comes back.</summary>
[Collection(nameof(Rabbit))]
public sealed class BrokerOutages(Postgres postgres, Rabbit rabbit)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Killed_in_the_middle_of_its_work_it_gets_every_event_and_those_of_an_order_in_order()
    {
        await rabbit.Start();
        await using var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        await DeliveredToRabbit.Target(service);
        var queue = await Subscriber.Open(rabbit, "order.#", "quorum");
        await queue.Leave();

        const int Orders = 300;
        var versions = new ConcurrentDictionary<Guid, int>();
        var working = Parallel.ForEachAsync(Enumerable.Range(0, Orders), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Cancellation }, async (n, _) =>
        {
            var order = (await service.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5 } } })).Content.GetProperty("id").GetGuid();
            for (var item = 0; item < 5; item++) await service.Send("POST", $"/v1/orders/{order}/items", new { productId = $"p{item}", quantity = 1, unitPrice = 1 });
            versions[order] = (await service.Send("POST", $"/v1/orders/{order}/confirm")).Content.GetProperty("version").GetInt32();
            if (n is 100) rabbit.Kill();
        });
        await Eventually.That(() => Task.FromResult(versions.Count > 150));
        await rabbit.Start();
        await working;

        await queue.Return(rabbit);
        var (seen, last, copies) = (new Dictionary<string, string>(), new Dictionary<Guid, int>(), 0);
        while (last.Count < Orders || last.Any(one => one.Value < versions[one.Key]))
        {
            var got = await queue.Next();
            var (id, text) = (got.Properties.MessageId!, Encoding.UTF8.GetString(got.Body));
            if (seen.TryGetValue(id, out var before))
            {
                Assert.Equal(before, text);
                copies++;
                continue;
            }

            seen.Add(id, text);
            var e = JsonElement.Parse(got.Body);
            var order = e.GetProperty("subject").GetGuid();
            last[order] = last.GetValueOrDefault(order) + 1;
            Assert.Equal(last[order], int.Parse(e.GetProperty("sequence").ToString(), CultureInfo.InvariantCulture));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{seen.Count} events, {copies} of them twice");
        await queue.DisposeAsync();
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task The_service_starts_and_serves_without_it_and_catches_up_when_it_is_there()
    {
        await rabbit.Start();
        rabbit.Kill();
        await using var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        await Eventually.That(async () => await service.Query<long>($"select count(*) from outward.targets where name = '{RabbitTargets.Name}'") == 1);
        var order = (await service.Send("POST", "/v1/orders", new { customerId = "c1" })).Content.GetProperty("id").GetGuid();
        var health = (await service.Send("GET", "/health/ready")).Content;
        Assert.Equal(("Degraded", "Degraded"), (health.GetProperty("status").GetString(), health.GetProperty("checks").GetProperty("bus").GetProperty("status").GetString()));

        await rabbit.Start();
        await Eventually.That(async () => (await service.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("bus").GetProperty("status").GetString() == "Healthy");
        await using var sender = await Sender.Open(rabbit);
        await sender.Send($$"""{"type":"CancelOrder","orderId":"{{order}}"}""", $"{order}");
        Assert.Equal("command.applied.v1", (await sender.Answer()).Type);
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries") == 0);
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Commands_that_wait_in_it_outlive_it_and_are_done_once()
    {
        await rabbit.Start();
        const int Many = 300;
        var orders = Enumerable.Range(0, Many).Select(_ => Guid.NewGuid()).ToList();
        await using var service = await Monolith.Start(postgres, null, ("ConnectionStrings:RabbitMq", rabbit.Address));
        await DeliveredToRabbit.Target(service);
        await using (var sender = await Sender.Open(rabbit))
        {
            foreach (var order in orders) await sender.Send($$"""{"type":"CreateOrder","orderId":"{{order}}","customerId":"c1"}""", $"{order}", reply: false);
        }

        for (var done = 0; done < Many; done += Many / 3)
        {
            await Eventually.That(async () => await service.Query<long>("select count(*) from events.mt_streams") >= done);
            rabbit.Kill();
            await rabbit.Start();
        }

        await Eventually.That(async () => await service.Query<long>("select count(*) from events.mt_streams") == Many);
        Assert.Equal(Many, (await service.Query<long>("select count(*) from events.mt_events")));
    }

    [OutsideFact(OutsideFactAttribute.Broker)]
    public async Task Commands_that_come_while_the_database_is_away_are_done_once_it_is_back()
    {
        await rabbit.Start();
        var database = await postgres.CreateDatabaseAsync("away");
        await using var service = await Monolith.Start(postgres, database, ("ConnectionStrings:RabbitMq", rabbit.Address));
        await DeliveredToRabbit.Target(service);
        await using var sender = await Sender.Open(rabbit);
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        await using var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Postgres.AsOwner(database)) { Database = "postgres", Pooling = false }.ConnectionString);
        async Task Tell(string sql)
        {
            await using var command = server.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        const int Many = 200;
        for (var n = 0; n < Many; n++)
        {
            await sender.Send("""{"type":"CreateOrder","customerId":"c1"}""", $"away-{n}-{name}");
            if (n == 50) await Tell($"alter database {name} allow_connections false");
            if (n == 60) await Tell($"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        }

        await Eventually.That(async () => (await service.Send("GET", "/health/ready")).Status == 503);
        await Tell($"alter database {name} allow_connections true");
        var answered = new HashSet<string>();
        while (answered.Count < Many) answered.Add((await sender.Answer()).Data.GetProperty("messageId").GetString()!);
        Assert.Equal((long)Many, await service.Query<long>("select count(*) from events.mt_events"));
    }
}
