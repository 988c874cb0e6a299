using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace OrderMonolith.Benchmarks;

/// <summary>What the clients saw in one slot.</summary>
/// <param name="Requests">How many were answered.</param>
/// <param name="PerSecond">As many as that each second.</param>
/// <param name="Median">Half were answered within so many milliseconds.</param>
/// <param name="Percentile99">99 of 100 were.</param>
public sealed record Seen(int Requests, double PerSecond, double Median, double Percentile99);

/// <summary>The clients: each a thread with a connection, that asks as soon as it was answered.</summary>
/// <param name="server">Whom they ask.</param>
/// <param name="count">How many they are.</param>
public sealed class Clients(IPEndPoint server, int count)
{
    const int Customers = 200;
    const int Products = 50;

    readonly ConcurrentQueue<Guid> finished = [];
    Guid[] known = [];

    /// <summary>Orders from their first day to their last: 1 create, 4 adds, 1 remove, then 9 of 10 are confirmed and one is cancelled.</summary>
    /// <param name="seconds">For how long.</param>
    /// <param name="keyed">Whether each command has an Idempotency-Key.</param>
    public Seen Commands(double seconds, bool keyed = false) => All(seconds, (send, random) =>
    {
        var order = Guid.CreateVersion7();
        var step = 0;
        void Ask(string method, string path, string body) => send(method, path, body, keyed ? $"Idempotency-Key: {order}-{step++}\r\n" : "");
        Ask("POST", "/v1/orders", $$"""{"orderId":"{{order}}","customerId":"customer-{{random.Next(Customers)}}"}""");
        var first = random.Next(Products);
        for (var n = 0; n < 4; n++)
            Ask("POST", $"/v1/orders/{order}/items", string.Create(CultureInfo.InvariantCulture,
                $$"""{"productId":"product-{{first + n}}","quantity":{{random.Next(1, 9)}},"unitPrice":{{random.Next(100, 9_999) / 100m}}}"""));
        Ask("DELETE", $"/v1/orders/{order}/items/product-{first}", "");
        Ask("POST", $"/v1/orders/{order}/{(random.Next(10) > 0 ? "confirm" : "cancel")}", "");
        finished.Enqueue(order);
    });

    /// <summary>Single orders, any of those that were finished.</summary>
    public Seen Orders(double seconds)
    {
        known = [.. finished];
        return All(seconds, (ask, random) => ask("GET", $"/v1/orders/{known[random.Next(known.Length)]}", "", ""));
    }

    /// <summary>A customer's newest 20 orders.</summary>
    public Seen Lists(double seconds) => All(seconds, (ask, random) => ask("GET", $"/v1/orders?customerId=customer-{random.Next(Customers)}&limit=20", "", ""));

    Seen All(double seconds, Action<Action<string, string, string, string>, Random> act)
    {
        var began = Stopwatch.GetTimestamp();
        var end = began + (long)(seconds * Stopwatch.Frequency);
        var times = new List<double>[count];
        var faults = new ConcurrentQueue<Exception>();
        var threads = Enumerable.Range(0, count).Select(n => new Thread(() =>
        {
            try
            {
                times[n] = One(act, end);
            }
            catch (Exception e)
            {
                faults.Enqueue(e);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        if (faults.TryPeek(out var fault)) throw new InvalidOperationException(fault.Message, fault);

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var sorted = times.SelectMany(t => t).Order().ToArray();
        return new(sorted.Length, sorted.Length / took, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }

    List<double> One(Action<Action<string, string, string, string>, Random> act, long end)
    {
        using var connection = new Connection(server);
        var times = new List<double>();
        var random = new Random();
        while (Stopwatch.GetTimestamp() < end) act(Ask, random);
        return times;

        void Ask(string method, string path, string body, string headers)
        {
            var asked = Stopwatch.GetTimestamp();
            connection.Ask(method, path, body, headers);
            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
    }
}
