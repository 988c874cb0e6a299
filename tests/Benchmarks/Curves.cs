using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace OrderMonolith.Benchmarks;

/// <summary>How long one client waits for a command, as its order grows longer or larger, and what a key costs it. Two kinds of request take turns, so that what else the machine does hits both.</summary>
public sealed class Curves : IDisposable
{
    const int Lines = 50;
    const string Minimal = "Prefer: return=minimal\r\n";

    readonly Connection connection;
    readonly int times;
    long keys;

    Curves(IPEndPoint server, int times) => (connection, this.times) = (new(server), times);

    /// <summary>Measures all of it.</summary>
    public static void Measure(IPEndPoint server, Arguments arguments)
    {
        new Clients(server, arguments.Connections).Commands(arguments.Warmup);
        using var curves = new Curves(server, times: (int)(arguments.Seconds * 100));
        curves.OfEvents();
        curves.OfLines();
        curves.OfKeys();
    }

    /// <inheritdoc />
    public void Dispose() => connection.Dispose();

    void OfEvents()
    {
        Say($"an order of {Lines} lines and so many events, against one of {Lines + 1} events");
        var (fresh, old) = (Order(Lines), Order(Lines));
        for (var events = Lines + 1; events <= 10_000; events++)
        {
            if (events is 100 or 1_000 or 10_000)
            {
                Compare($"{events} events: add", () => Add(old, Minimal), () => Add(fresh, Minimal));
                Compare($"{events} events: add, whole answer", () => Add(old), () => Add(fresh));
                events += 2 * times;
            }

            Add(old, Minimal);
        }

        Compare("10000 events: read", () => connection.Ask("GET", old), () => connection.Ask("GET", fresh));
        var key = Key();
        Add(old, Minimal + key);
        Compare("10000 events: a key's repeat", () => Add(old, Minimal + key), () => Add(old, Minimal));
    }

    void OfLines()
    {
        Say($"an order of so many lines, against one of {Lines}");
        foreach (var lines in (int[])[500, 1_000, 2_000, 5_000])
        {
            var (small, large) = (Order(Lines), Order(lines));
            Compare($"{lines} lines: add", () => Add(large, Minimal), () => Add(small, Minimal));
            Compare($"{lines} lines: add, whole answer", () => Add(large), () => Add(small));
            Compare($"{lines} lines: read", () => connection.Ask("GET", large), () => connection.Ask("GET", small));
        }
    }

    void OfKeys()
    {
        Say($"a command with an Idempotency-Key, against one without");
        var order = Order(4);
        Compare("add", () => Add(order, Key()), () => Add(order));
        var key = Key();
        Add(order, key);
        Compare("a repeat", () => Add(order, key), () => Add(order));
    }

    string Key() => $"Idempotency-Key: {keys++}\r\n";

    string Order(int lines)
    {
        var id = Guid.CreateVersion7();
        connection.Ask("POST", "/v1/orders", $$"""{"orderId":"{{id}}","customerId":"curve","items":[{{string.Join(',', Enumerable.Range(0, lines).Select(n => $$"""{"productId":"product-{{n}}","quantity":1,"unitPrice":9.5}"""))}}]}""", Minimal);
        return $"/v1/orders/{id}";
    }

    void Add(string order, string headers = "") => connection.Ask("POST", order + "/items", """{"productId":"product-3","quantity":1,"unitPrice":9.5}""", headers);

    void Compare(string what, Action one, Action other)
    {
        var (ones, others) = (new double[times], new double[times]);
        for (var n = 0; n < times; n++) (ones[n], others[n]) = (Time(one), Time(other));
        Array.Sort(ones);
        Array.Sort(others);
        Say($"  {what,-34} p50 {ones[times / 2],7:0.00} ms   p99 {ones[times * 99 / 100],7:0.00} ms   {ones[times / 2] / others[times / 2],6:0.00} x {others[times / 2]:0.00} ms");
    }

    static double Time(Action act)
    {
        var began = Stopwatch.GetTimestamp();
        act();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
