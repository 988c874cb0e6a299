using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace OrderMonolith.Specs;

/// <summary>A partner's endpoint on a real socket: keeps what it gets, and answers as a spec has it.</summary>
public sealed class Receiver : IAsyncDisposable
{
    readonly ConcurrentQueue<Received> received = [];
    WebApplication? app;

    /// <summary>Settings of a service that may call it.</summary>
    public static (string, string)[] Allowed { get; } = [("Webhooks:AllowedNetworks:0", "127.0.0.0/8"), ("Webhooks:AllowedNetworks:1", "::1/128")];

    /// <summary>How it answers; 204 unless it says otherwise. What is kept is kept before.</summary>
    public Func<Received, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>All it got, in order.</summary>
    public IReadOnlyList<Received> All => [.. received];

    /// <summary>Where it is.</summary>
    public string Url => $"http://127.0.0.1:{Port}/hook";

    /// <summary>Its port, which stays the same when it restarts.</summary>
    public int Port { get; private set; }

    public static async Task<Receiver> Start()
    {
        var receiver = new Receiver();
        await receiver.Listen();
        return receiver;
    }

    /// <summary>Answers with a status from now on.</summary>
    public void Says(int status, string body = "", params (string Name, string Value)[] headers) => Answer = async (_, http) =>
    {
        http.Response.StatusCode = status;
        foreach (var (name, value) in headers) http.Response.Headers[name] = value;
        if (body.Length > 0) await http.Response.WriteAsync(body);
    };

    /// <summary>Begins to listen, once more after it was stopped.</summary>
    public async Task Listen()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.Listen(IPAddress.Loopback, Port));
        app = builder.Build();
        app.Run(Take);
        await app.StartAsync();
        Port = new Uri(app.Urls.Single()).Port;
    }

    /// <summary>Is gone from now on.</summary>
    public async Task Stop()
    {
        if (app is null) return;
        using var now = new CancellationTokenSource(0);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        app = null;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await Stop();

    async Task Take(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var one = new Received(http.Request.Path, http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), body.ToArray());
        received.Enqueue(one);
        http.Response.StatusCode = 204;
        await Answer(one, http);
    }
}

/// <summary>A request as the endpoint got it.</summary>
public sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    /// <summary>The CloudEvent.</summary>
    public JsonElement Event => JsonElement.Parse(Body);

    public string Id => Headers["webhook-id"];

    public string Type => Event.GetProperty("type").GetString()!;

    /// <summary>The order that it tells of.</summary>
    public Guid Order => Event.GetProperty("subject").GetGuid();

    /// <summary>The version of the order.</summary>
    public int Version => int.Parse(Event.GetProperty("sequence").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
}
