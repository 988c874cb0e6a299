using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace OrderMonolith.Benchmarks;

/// <summary>How fast events get out, to a webhook and over a broker, and what that costs the commands beside it: services that are alike but for that, in turn.</summary>
public static class Outward
{
    static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    /// <summary>What goes out somewhere.</summary>
    /// <param name="Name">Where.</param>
    /// <param name="Store">Its database.</param>
    /// <param name="Monolith">The service.</param>
    /// <param name="Arrived">How many events have arrived.</param>
    /// <param name="End">Ends it.</param>
    sealed record Way(string Name, Store Store, RunningMonolith Monolith, Func<long> Arrived, Func<Task> End)
    {
        public List<(Seen Commands, double EventsPerSecond, double Behind)> Rounds { get; } = [];
    }

    /// <summary>Measures, and prints what was seen. A command that fails ends it.</summary>
    public static async Task Measure(string app, Arguments arguments)
    {
        var ways = new List<Way> { await Nowhere(app, arguments), await Webhook(app, arguments) };
        if (arguments.RabbitMq is { } broker) ways.Add(await RabbitMq(app, arguments, broker));
        try
        {
            foreach (var way in ways) new Clients(way.Monolith.Address, arguments.Connections).Commands(arguments.Warmup);
            for (var n = 0; n < arguments.Rounds; n++)
                foreach (var way in ways) way.Rounds.Add(await Round(way, arguments));
            foreach (var way in ways) Show(way, ways[0]);
        }
        finally
        {
            foreach (var way in ways) await way.End();
        }
    }

    static async Task<(Seen, double, double)> Round(Way way, Arguments arguments)
    {
        await AllArrived(way);
        var (before, clock) = (await Events(way.Store), Stopwatch.StartNew());
        var seen = await Task.Run(() => new Clients(way.Monolith.Address, arguments.Connections).Commands(arguments.Seconds));
        var asked = clock.Elapsed;
        await AllArrived(way);
        return (seen, (await Events(way.Store) - before) / clock.Elapsed.TotalSeconds, (clock.Elapsed - asked).TotalSeconds);
    }

    static async Task AllArrived(Way way)
    {
        if (way.Name == "nowhere") return;
        while (way.Arrived() < await Events(way.Store)) await Task.Delay(Glance);
    }

    static async Task<long> Events(Store store) => long.Parse(await store.Ask("select count(*)::text from events.mt_events"), CultureInfo.InvariantCulture);

    static async Task<Way> Nowhere(string app, Arguments arguments)
    {
        var store = await Store.Create(arguments.Postgres);
        var monolith = await RunningMonolith.Start(app, store.Address.ConnectionString);
        return new("nowhere", store, monolith, () => 0, () => End(store, monolith));
    }

    static async Task<Way> Webhook(string app, Arguments arguments)
    {
        var arrived = 0L;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var receiver = builder.Build();
        receiver.MapPost("/", async (HttpRequest request) =>
        {
            await request.Body.CopyToAsync(Stream.Null);
            Interlocked.Increment(ref arrived);
        });
        await receiver.StartAsync();

        var store = await Store.Create(arguments.Postgres);
        var monolith = await RunningMonolith.Start(app, store.Address.ConnectionString, "--Webhooks:AllowHttp=true", "--Webhooks:AllowedNetworks:0=127.0.0.0/8");
        using var http = new HttpClient();
        using var made = await http.PostAsJsonAsync(new Uri($"http://{monolith.Address}/v1/webhooks"), new { url = receiver.Urls.First() });
        made.EnsureSuccessStatusCode();
        return new("webhook", store, monolith, () => Interlocked.Read(ref arrived), async () =>
        {
            await End(store, monolith);
            await receiver.DisposeAsync();
        });
    }

    static async Task<Way> RabbitMq(string app, Arguments arguments, string broker)
    {
        var arrived = 0L;
        var store = await Store.Create(arguments.Postgres);
        var monolith = await RunningMonolith.Start(app, store.Address.ConnectionString, $"--ConnectionStrings:RabbitMq={broker}");
        var connection = await new ConnectionFactory { Uri = new(broker) }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        var queue = await channel.QueueDeclareAsync();
        await channel.QueueBindAsync(queue.QueueName, "orders", "order.#");
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, _) =>
        {
            Interlocked.Increment(ref arrived);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, consumer);
        return new("rabbitmq", store, monolith, () => Interlocked.Read(ref arrived), async () =>
        {
            await connection.DisposeAsync();
            await End(store, monolith);
        });
    }

    static async Task End(Store store, RunningMonolith monolith)
    {
        monolith.Dispose();
        await store.DisposeAsync();
    }

    static void Show(Way way, Way plain)
    {
        Say($"{way.Name,-10} {Median(way, r => r.Commands.PerSecond),6:0} commands/s   p50 {Median(way, r => r.Commands.Median),6:0.00} ms   p99 {Median(way, r => r.Commands.Percentile99),6:0.00} ms");
        if (way == plain) return;
        Say($"           {way.Rounds.Zip(plain.Rounds, (with, without) => with.Commands.PerSecond / without.Commands.PerSecond).Order().ElementAt(way.Rounds.Count / 2):0.00} of the commands/s and {way.Rounds.Zip(plain.Rounds, (with, without) => with.Commands.Median / without.Commands.Median).Order().ElementAt(way.Rounds.Count / 2):0.00} times the p50 of one from which nothing goes out");
        Say($"           {Median(way, r => r.EventsPerSecond):0} events/s until the last had arrived, {Median(way, r => r.Behind):0.0} s after the last command");
    }

    static double Median(Way way, Func<(Seen Commands, double EventsPerSecond, double Behind), double> of) => way.Rounds.Select(of).Order().ElementAt(way.Rounds.Count / 2);

    static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
