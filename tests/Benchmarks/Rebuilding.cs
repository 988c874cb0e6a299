using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrderMonolith.Benchmarks;

/// <summary>What it takes to build a view anew, alone and beside commands, and how far views that follow from behind fall behind these.</summary>
public static class Rebuilding
{
    const string Sales = "sales";
    static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    /// <summary>Measures, and prints what was seen. A command that fails ends it.</summary>
    public static async Task Measure(RunningMonolith monolith, Store store, Arguments arguments)
    {
        using var http = new HttpClient { BaseAddress = new($"http://{monolith.Address}"), Timeout = TimeSpan.FromHours(1) };
        await CaughtUp(store);
        foreach (var view in new[] { "order_summaries", Sales }) Say($"{view} alone: {Told(await Rebuild(http, view))}");

        var clients = new Clients(monolith.Address, arguments.Connections);
        clients.Commands(arguments.Warmup);
        var (calm, lag) = (await Beside(clients, store, arguments, () => Task.CompletedTask));
        Say($"commands alone: {calm.PerSecond:0}/s, p99 {calm.Percentile99:0.0} ms; {Sales} behind by {lag.Median} events at the median, {lag.Most} at most ({lag.Most / calm.PerSecond:0.0} s of commands)");
        foreach (var view in new[] { "order_summaries", Sales })
        {
            JsonElement end = default;
            var (seen, _) = await Beside(clients, store, arguments, async () => end = await Rebuild(http, view));
            Say($"{view} beside commands: {Told(end)}; meanwhile {seen.PerSecond:0} commands/s, {seen.PerSecond / calm.PerSecond:0.00} of those alone, p99 {seen.Percentile99:0.0} ms");
        }
    }

    static async Task<(Seen Seen, (long Median, long Most) Lag)> Beside(Clients clients, Store store, Arguments arguments, Func<Task> work)
    {
        var commands = Task.Run(() => clients.Commands(arguments.Seconds));
        var working = work();
        var lags = new List<long>();
        for (; !commands.IsCompleted; await Task.Delay(Glance)) lags.Add(await Lag(store));
        await working;
        lags.Sort();
        return (await commands, (lags[lags.Count / 2], lags[^1]));
    }

    static async Task<JsonElement> Rebuild(HttpClient http, string view)
    {
        using var begun = await http.PostAsJsonAsync(new Uri($"/v1/ops/projections/{view}/rebuilds", UriKind.Relative), new { });
        begun.EnsureSuccessStatusCode();
        await http.GetStringAsync(new Uri(begun.Headers.Location + "/progress", UriKind.Relative));
        var end = await http.GetFromJsonAsync<JsonElement>(begun.Headers.Location);
        return end.GetProperty("state").GetString() is "Switched" ? end : throw new InvalidOperationException(end.ToString());
    }

    static FormattableString Told(JsonElement end) =>
        $"{end.GetProperty("eventsPerSecond").GetDouble():0} events/s, {end.GetProperty("orders").GetInt64()} orders, {end.GetProperty("differences").GetInt64()} differences, writers held {end.GetProperty("writersHeldMilliseconds").GetDouble():0.0} ms";

    static async Task CaughtUp(Store store)
    {
        while (await Lag(store) > 0) await Task.Delay(Glance);
    }

    static async Task<long> Lag(Store store) => long.Parse(
        await store.Ask($"select ((select max(seq_id) from events.mt_events) - (select coalesce(max(last_seq_id), 0) from events.mt_event_progression where name like '{Sales}:%'))::text"), CultureInfo.InvariantCulture);

    static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
