using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>A database that is there and says nothing keeps nobody waiting for long.</summary>
public sealed class HungDatabaseSpecs : IDisposable
{
    /// <summary>A statement has 10 s, and as long again to find that it cannot even be cancelled.</summary>
    static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(22);

    /// <summary>A command may have to wait for the one before it; after that no connection is left, and for a new one it waits 5 s.</summary>
    static readonly TimeSpan LongestCommand = TimeSpan.FromSeconds(30);

    readonly TemporaryFolder temporary = new();

    /// <inheritdoc />
    public void Dispose() => temporary.Dispose();

    [Fact]
    public async Task All_are_told_in_time_and_when_it_goes_on_so_do_we()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Processes cannot be halted there.");
        var folder = await DataFolder.AtAsync(Path.Combine(temporary.Path, "data"));
        await folder.PrepareAsync();
        var postgres = new PostgresServer(folder, PostgresSearch.Machine, NullLogger.Instance);
        await postgres.EnsureRunningAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var service = OnSocket.Start(postgres.ConnectionString);
            using var client = service.CreateClient();
            var order = (await Create()).Headers.Location!.OriginalString;

            await Signal("-STOP");
            var first = Within(LongestCommand, Create());
            var reads = Enumerable.Range(0, 30).Select(i => Within(LongestRead, client.GetAsync(i % 2 == 0 ? order : "/v1/orders", TestContext.Current.CancellationToken)));
            var commands = Enumerable.Range(0, 5).Select(_ => Within(LongestCommand, Create()));
            await Task.WhenAll([first, .. reads, .. commands]);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", TestContext.Current.CancellationToken)).StatusCode);

            await Signal("-CONT");
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(order, TestContext.Current.CancellationToken)).StatusCode);
            Assert.Equal(HttpStatusCode.Created, (await Create()).StatusCode);

            Task<HttpResponseMessage> Create() => client.PostAsJsonAsync("/v1/orders", new { customerId = "c1" }, TestContext.Current.CancellationToken);
        }
        finally
        {
            await Signal("-CONT");
            await postgres.StopAsync();
        }

        // The server first: then it makes no new processes.
        async Task Signal(string signal)
        {
            var server = folder.ProcessId!.Value.ToString(CultureInfo.InvariantCulture);
            await Run("kill", signal, server);
            await Run("pkill", signal, "-P", server);
        }
    }

    static async Task Run(string program, params string[] words)
    {
        using var process = Process.Start(program, words);
        await process.WaitForExitAsync(CancellationToken.None);
    }

    static async Task Within(TimeSpan longest, Task<HttpResponseMessage> sent)
    {
        var clock = Stopwatch.StartNew();
        var answer = await sent;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("storage-unavailable", (await answer.Content.ReadFromJsonAsync<Dictionary<string, object>>(TestContext.Current.CancellationToken))!["code"].ToString());
        Assert.True(clock.Elapsed < longest, $"{answer.RequestMessage!.Method} took {clock.Elapsed}.");
    }
}
