using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>The database stops under load: callers are told so at once, nothing that was acknowledged is lost, and the service is well again by itself.</summary>
public sealed class OutageSpecs : IDisposable
{
    readonly TemporaryFolder temporary = new();

    /// <inheritdoc />
    public void Dispose() => temporary.Dispose();

    [Fact]
    public async Task An_outage_is_told_and_gets_over_with()
    {
        var folder = await DataFolder.AtAsync(Path.Combine(temporary.Path, "data"));
        await folder.PrepareAsync();
        var postgres = new PostgresServer(folder, PostgresSearch.Machine, NullLogger.Instance);
        await postgres.EnsureRunningAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var service = OnSocket.Start(postgres.ConnectionString);
            using var client = service.CreateClient();
            await Until(client, "/health/ready", HttpStatusCode.OK);

            using var enough = new CancellationTokenSource();
            var acknowledged = new ConcurrentBag<string>();
            var refused = new ConcurrentQueue<(int Status, string? Code, TimeSpan? RetryAfter)>();
            var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Shop(client, acknowledged, refused, enough.Token)));

            await More(acknowledged);
            await Kill(folder.ProcessId!.Value);
            await Until(client, "/health/ready", HttpStatusCode.ServiceUnavailable);
            await Until(client, "/v1/orders", HttpStatusCode.ServiceUnavailable);
            await Eventually.That(() => Task.FromResult(!refused.IsEmpty));
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", TestContext.Current.CancellationToken)).StatusCode);

            await postgres.EnsureRunningAsync(TestContext.Current.CancellationToken);
            await Until(client, "/health/ready", HttpStatusCode.OK);
            await More(acknowledged);
            await enough.CancelAsync();
            await load;

            Assert.NotEmpty(refused);
            Assert.All(refused, r => Assert.Equal((503, "storage-unavailable", TimeSpan.FromSeconds(5)), r));
            Assert.InRange(service.Logged.Lines.Count(line => line.StartsWith("The database does not serve", StringComparison.Ordinal)), 1, 4);
            foreach (var location in acknowledged)
                Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(location, TestContext.Current.CancellationToken)).StatusCode);
        }
        finally
        {
            await postgres.StopAsync();
        }
    }

    /// <summary>Starts orders, one after another.</summary>
    static async Task Shop(HttpClient client, ConcurrentBag<string> acknowledged, ConcurrentQueue<(int, string?, TimeSpan?)> refused, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            using var answer = await client.PostAsJsonAsync("/v1/orders", new { customerId = "c1" }, TestContext.Current.CancellationToken);
            if (answer.Headers.Location is { } location)
                acknowledged.Add(location.OriginalString);
            else
                refused.Enqueue(((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<Dictionary<string, object>>(CancellationToken.None))!["code"].ToString(), answer.Headers.RetryAfter?.Delta));
        }
    }

    static Task More(ConcurrentBag<string> acknowledged)
    {
        var enough = acknowledged.Count + 50;
        return Eventually.That(() => Task.FromResult(acknowledged.Count >= enough));
    }

    static Task Until(HttpClient client, string path, HttpStatusCode status) => Eventually.That(async () =>
    {
        using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
        return answer.StatusCode == status;
    }, $"{status} of {path}");

    /// <summary>Ends the server as a crash would: it saves nothing, and has to recover when it starts.</summary>
    static async Task Kill(int server)
    {
        using var kill = Process.Start("kill", ["-QUIT", server.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
