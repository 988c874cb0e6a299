using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using JasperFx.CommandLine;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OrderMonolith.Specs;

/// <summary>The whole service on a real socket, for what only shows there.</summary>
public sealed class OnSocket : WebApplicationFactory<Program>
{
    readonly (string Key, string Value)[] settings;

    OnSocket((string, string)[] settings) => this.settings = settings;

    /// <summary>What it logs.</summary>
    public Log Logged { get; } = new();

    public static async Task<OnSocket> Start(Postgres postgres, params (string, string)[] settings) =>
        Start(await postgres.CreateDatabaseAsync("specs"), settings);

    public static OnSocket Start(string connectionString, params (string, string)[] settings)
    {
        JasperFxEnvironment.AutoStartHost = true;
        var service = new OnSocket([("ConnectionStrings:Orders", connectionString), .. settings]);
        service.UseKestrel(0);
        service.StartServer();
        return service;
    }

    /// <inheritdoc />
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings) builder.UseSetting(key, value);
        builder.ConfigureServices(services => services.AddSingleton<ILoggerProvider>(Logged));
    }

    /// <summary>Sends bytes as they are, and reads what comes back until the end.</summary>
    public async Task<RawAnswer> Send(byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", ClientOptions.BaseAddress.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        using var all = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, TestContext.Current.CancellationToken);
            await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The service may hang up on a request that it refuses before it has read all of it.
        }

        return RawAnswer.Of(Encoding.Latin1.GetString(all.ToArray()));
    }

    /// <summary>Sends a request whose lines are given, and then the body.</summary>
    public Task<RawAnswer> Send(string requestLine, IEnumerable<string> headers, byte[]? body = null) => Send(
    [
        .. Encoding.Latin1.GetBytes(string.Join("\r\n",
            [$"{requestLine} HTTP/1.1", "Host: localhost", "Connection: close", .. headers, .. body is null ? [] : new[] { $"Content-Length: {body.Length}" }, "", ""])),
        .. body ?? [],
    ]);

    /// <summary>What the service said of itself.</summary>
    public sealed class Log : ILoggerProvider, ILogger
    {
        readonly ConcurrentQueue<(LogLevel Level, string Line)> lines = [];
        readonly SemaphoreSlim more = new(0);

        public IEnumerable<string> Lines => lines.Select(l => l.Line);

        public IEnumerable<string> Errors => lines.Where(l => l.Level is LogLevel.Error or LogLevel.Critical).Select(l => l.Line);

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
            more.Release();
        }

        /// <summary>Ends once it has said something that contains a text.</summary>
        public async Task Says(string text)
        {
            while (!lines.Any(l => l.Line.Contains(text, StringComparison.Ordinal)))
                Assert.True(await more.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), $"It never said '{text}'.");
        }
    }
}

/// <summary>An answer as it came over the wire. Status 0: the service hung up without one.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The code of the problem that this is, if it is one.</summary>
    public string? Code => Headers.GetValueOrDefault("Content-Type") == "application/problem+json" && Body.Length > 0 ? JsonElement.Parse(Body).GetProperty("code").GetString() : null;

    public static RawAnswer Of(string text)
    {
        if (text.Length == 0) return new(0, new Dictionary<string, string>(), "");
        var (head, body) = text.Split("\r\n\r\n", 2) is [var h, var b] ? (h, b) : (text, "");
        var lines = head.Split("\r\n");
        var headers = lines.Skip(1).Select(l => l.Split(':', 2)).ToDictionary(p => p[0], p => p[1].Trim(), StringComparer.OrdinalIgnoreCase);
        return new(int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers, headers.ContainsKey("Transfer-Encoding") ? Joined(body) : body);
    }

    static string Joined(string chunks)
    {
        var whole = new StringBuilder();
        while (chunks.Split("\r\n", 2) is [var size, var rest] && Convert.ToInt32(size, 16) is > 0 and var length && length <= rest.Length)
        {
            whole.Append(rest, 0, length);
            chunks = rest[(length + 2)..];
        }

        return whole.ToString();
    }
}
