using System.Globalization;
using System.Net.Http.Json;

namespace OrderMonolith.Specs;

/// <summary>Nodes that die in the middle of their work, and an endpoint that fails now and then: it gets every event all the same, and those of an order in order.</summary>
public sealed class KilledDeliveries(Postgres postgres)
{
    static readonly string[] Settings = ["--Webhooks:AllowedNetworks:0=127.0.0.0/8", .. Enumerable.Range(0, 50).Select(n => $"--Webhooks:RetryDelays:{n}=00:00:00.100")];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_event_arrives_and_those_of_an_order_in_order()
    {
        var kills = Thorough.Is ? 6 : 2;
        await using var receiver = await Receiver.Start();
        receiver.Answer = async (_, http) =>
        {
            await Task.Delay(Random.Shared.Next(20), Cancellation);
            if (Random.Shared.Next(20) == 0) http.Response.StatusCode = 500;
        };
        var database = await postgres.CreateDatabaseAsync("killed_deliveries");
        await using var stays = await ServingProgram.Start(database, Settings);
        (await stays.Client.PostAsJsonAsync("/v1/webhooks", new { url = receiver.Url }, Cancellation)).EnsureSuccessStatusCode();

        var orders = 0;
        for (var life = 0; life < kills; life++)
        {
            await using var dies = await ServingProgram.Start(database, Settings);
            var seen = receiver.All.Count;
            var working = true;
            var clients = Enumerable.Range(0, 4).Select(async _ =>
            {
                while (Volatile.Read(ref working)) await Checkout(stays.Client);
            }).ToList();
            await Eventually.That(() => Task.FromResult(receiver.All.Count > seen + 200));
            dies.Kill();
            Volatile.Write(ref working, false);
            await Task.WhenAll(clients);
        }

        await Eventually.That(() => Task.FromResult(Arrived(receiver).Values.Sum(versions => versions.Count) == 4 * Volatile.Read(ref orders)));
        Assert.All(Arrived(receiver).Values, versions => Assert.Equal([1, 2, 3, 4], versions));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{orders} orders, {receiver.All.Count} requests, {receiver.All.Count - 4 * orders} of them repeats"));

        async Task Checkout(HttpClient client)
        {
            var order = new { customerId = "c1", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m }, new { productId = "cup", quantity = 1, unitPrice = 4m } }, confirm = true };
            (await client.PostAsJsonAsync("/v1/orders", order, Cancellation)).EnsureSuccessStatusCode();
            Interlocked.Increment(ref orders);
        }
    }

    /// <summary>The versions of each order, as they came for the first time.</summary>
    static Dictionary<string, List<int>> Arrived(Receiver receiver) => receiver.All.Select(one => one.Event)
        .DistinctBy(e => e.GetProperty("id").GetString())
        .GroupBy(e => e.GetProperty("subject").GetString()!)
        .ToDictionary(order => order.Key, order => order.Select(e => int.Parse(e.GetProperty("sequence").GetString()!, CultureInfo.InvariantCulture)).ToList());
}
