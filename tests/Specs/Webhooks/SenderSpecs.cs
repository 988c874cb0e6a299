using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using OrderMonolith.Webhooks;

namespace OrderMonolith.Specs;

/// <summary>Whatever an endpoint does, what came of it is told, soon and in bounds.</summary>
public sealed class SenderSpecs : IAsyncLifetime
{
    static readonly WebhooksSettings Settings = new(Timeout: TimeSpan.FromSeconds(10), AllowedNetworks: ["127.0.0.0/8"]);

    readonly WebhookSender sender = new(Settings, new(Settings), TimeProvider.System);
    Receiver receiver = null!;

    public async ValueTask InitializeAsync() => receiver = await Receiver.Start();

    public async ValueTask DisposeAsync()
    {
        sender.Dispose();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task It_sends_what_it_is_given_signed()
    {
        var (webhook, id) = (Webhook(), Guid.NewGuid());
        var answer = await Send(webhook, id: id);
        Assert.Equal((204, null), (answer.Status, answer.Fault));

        var got = receiver.All[0];
        Assert.Equal(("{}", id.ToString(), "application/cloudevents+json"), (Encoding.UTF8.GetString(got.Body), got.Id, got.Headers["content-type"]));
        Assert.StartsWith("OrderMonolith/", got.Headers["user-agent"], StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", got.Headers.Keys);
        Assert.True(StandardWebhooks.Verifies(webhook.Secret.Value, got));
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(202, null)]
    [InlineData(301, "answered 301, and redirects are not followed")]
    [InlineData(400, "answered 400")]
    [InlineData(410, "answered 410")]
    [InlineData(503, "answered 503")]
    public async Task Only_2xx_says_that_it_was_taken(int status, string? fault)
    {
        receiver.Says(status, "so be it");
        var answer = await Send(Webhook());
        Assert.Equal((status, fault, "so be it", status is 410), (answer.Status, answer.Fault, answer.Body, answer.Gone));
    }

    [Fact]
    public async Task Cookies_are_not_kept()
    {
        receiver.Says(200, "", ("Set-Cookie", "a=b"));
        await Send(Webhook());
        await Send(Webhook());
        Assert.DoesNotContain("cookie", receiver.All[1].Headers.Keys);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task How_long_it_asks_to_be_left_alone_is_told(int status)
    {
        receiver.Says(status, "", ("Retry-After", "120"));
        Assert.Equal(TimeSpan.FromSeconds(120), (await Send(Webhook())).Wish);
        receiver.Says(status, "", ("Retry-After", DateTimeOffset.UtcNow.AddHours(1).ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.InRange((await Send(Webhook())).Wish!.Value, TimeSpan.FromMinutes(58), TimeSpan.FromHours(1));
        receiver.Says(status, "", ("Retry-After", "soon"));
        Assert.Null((await Send(Webhook())).Wish);
    }

    [Fact]
    public async Task Of_a_huge_answer_only_the_beginning_is_read()
    {
        receiver.Answer = async (_, http) =>
        {
            http.Response.StatusCode = 200;
            var part = new byte[64 * 1024];
            Array.Fill(part, (byte)'x');
            while (!http.RequestAborted.IsCancellationRequested) await http.Response.Body.WriteAsync(part, http.RequestAborted);
        };
        var answer = await Send(Webhook());
        Assert.Equal((200, null, WebhookSender.MostKept), (answer.Status, answer.Fault, answer.Body!.Length));
    }

    [Fact]
    public async Task What_a_database_cannot_hold_is_not_kept()
    {
        receiver.Says(200, "a\0b");
        Assert.Equal("a\uFFFDb", (await Send(Webhook())).Body);
    }

    [Fact]
    public async Task One_that_hangs_is_not_waited_for()
    {
        var settings = Settings with { Timeout = TimeSpan.FromMilliseconds(300) };
        using var impatient = new WebhookSender(settings, new(settings), TimeProvider.System);
        receiver.Answer = (_, http) => Task.Delay(Timeout.Infinite, http.RequestAborted);
        var answer = await Send(Webhook(), impatient);
        Assert.Equal((null, "no answer within 0.3 s"), (answer.Status, answer.Fault));
        Assert.True(answer.Took >= TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public async Task One_that_hangs_behind_its_status_has_said_enough()
    {
        var settings = Settings with { Timeout = TimeSpan.FromMilliseconds(500) };
        using var impatient = new WebhookSender(settings, new(settings), TimeProvider.System);
        receiver.Answer = async (_, http) =>
        {
            http.Response.StatusCode = 200;
            await http.Response.WriteAsync("be right ba");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        var answer = await Send(Webhook(), impatient);
        Assert.Equal((200, null, "be right ba"), (answer.Status, answer.Fault, answer.Body));
    }

    [Fact]
    public async Task One_that_is_away_or_unknown_or_hangs_up_or_talks_nonsense_is_told_apart()
    {
        var gone = Webhook();
        await receiver.Stop();
        Assert.Equal("no connection", (await Send(gone)).Fault);
        Assert.Equal("the host is not known", (await Send(gone with { Url = "http://nobody.invalid/" })).Fault);

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        Assert.Equal("hung up without an answer", await Answering("http", ""));
        Assert.Equal("the answer cannot be read", await Answering("http", "nonsense\r\n\r\n"));
        Assert.Equal("no TLS connection, or no certificate that is trusted for this host", await Answering("https", "HTTP/1.1 200 OK\r\n\r\n"));

        async Task<string?> Answering(string scheme, string bytes)
        {
            var sent = Send(gone with { Url = scheme + url });
            using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var buffer = new byte[4096];
            _ = await client.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(bytes), TestContext.Current.CancellationToken);
            client.Close();
            return (await sent).Fault;
        }
    }

    [Fact]
    public async Task Who_stops_the_node_ends_it()
    {
        receiver.Answer = (_, http) => Task.Delay(Timeout.Infinite, http.RequestAborted);
        using var stop = new CancellationTokenSource();
        var sent = sender.Send(Webhook(), Guid.NewGuid(), "{}"u8.ToArray(), stop.Token);
        await Eventually.That(() => Task.FromResult(receiver.All.Count == 1));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
    }

    [Fact]
    public void Attempts_follow_for_days_further_and_further_apart_and_end()
    {
        var schedule = new RetrySchedule(new WebhooksSettings());
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.After(1, null, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(4), schedule.After(1, null, 0));
        Assert.Equal(TimeSpan.FromHours(28.8), schedule.After(10, null, 1));
        Assert.Null(schedule.After(11, null, 0.5));
        Assert.Null(schedule.After(11, TimeSpan.FromMinutes(1), 0.5));
        var all = Enumerable.Range(1, 10).Select(number => schedule.After(number, null, 0.5)!.Value).ToList();
        Assert.Equal(all.Order(), all);
        Assert.InRange(all.Aggregate((sum, delay) => sum + delay), TimeSpan.FromDays(3), TimeSpan.FromDays(4));

        Assert.Equal(TimeSpan.FromMinutes(2), schedule.After(1, TimeSpan.FromMinutes(2), 0.5));
        Assert.Equal(TimeSpan.FromHours(2), schedule.After(5, TimeSpan.FromMinutes(2), 0.5));
        Assert.Equal(TimeSpan.FromDays(1), schedule.After(1, TimeSpan.FromDays(400), 0.5));
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.After(1, TimeSpan.FromHours(-1), 0.5));
    }

    Webhook Webhook() => new(Guid.NewGuid(), receiver.Url, DateTimeOffset.UtcNow, WebhookSecret.New());

    Task<WebhookAnswer> Send(Webhook webhook, WebhookSender? by = null, Guid? id = null) => (by ?? sender).Send(webhook, id ?? Guid.NewGuid(), "{}"u8.ToArray(), TestContext.Current.CancellationToken);
}
