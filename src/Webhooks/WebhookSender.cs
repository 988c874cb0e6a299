using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using OrderMonolith.Contracts;

namespace OrderMonolith.Webhooks;

/// <summary>Sends events to endpoints (Standard Webhooks 1.0), to none but the one that is named, and at no address but one that <see cref="AddressGuard"/> allows.</summary>
public sealed class WebhookSender : IDisposable
{
    /// <summary>How much of an answer's body is kept, in bytes.</summary>
    public const int MostKept = 16 * 1024;

    /// <summary>How many requests one host gets at once.</summary>
    public const int MostAtOnce = 16;

    readonly AddressGuard guard;
    readonly TimeProvider clock;
    readonly HttpClient client;

    /// <summary>A sender that keeps its connections for as long as it lives.</summary>
    /// <param name="settings">How long an endpoint may take.</param>
    /// <param name="guard">Where endpoints may be.</param>
    /// <param name="clock">The time.</param>
    public WebhookSender(WebhooksSettings settings, AddressGuard guard, TimeProvider clock)
    {
        (this.guard, this.clock, Patience) = (guard, clock, settings.Patience);
        client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = Connect,
            ConnectTimeout = settings.Patience,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new("OrderMonolith", Assembly.GetExecutingAssembly().GetName().Version!.ToString(3)));
    }

    /// <summary>Longest that it takes to send something.</summary>
    public TimeSpan Patience { get; }

    /// <summary>Sends an event once. What goes wrong is answered.</summary>
    /// <param name="webhook">To which endpoint.</param>
    /// <param name="id">The event.</param>
    /// <param name="json">All of it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<WebhookAnswer> Send(Webhook webhook, Guid id, ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        using var request = Signed(webhook, id.ToString(), json);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return new((int)response.StatusCode, Fault(response.StatusCode), await Beginning(response, patience.Token), Wish(response), clock.GetElapsedTime(began));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Unanswered(string.Create(CultureInfo.InvariantCulture, $"no answer within {Patience.TotalSeconds} s"));
        }
        catch (HttpRequestException e)
        {
            return Unanswered(Fault(e));
        }

        WebhookAnswer Unanswered(string fault) => new(null, fault, null, null, clock.GetElapsedTime(began));
    }

    /// <inheritdoc />
    public void Dispose() => client.Dispose();

    HttpRequestMessage Signed(Webhook webhook, string id, ReadOnlyMemory<byte> json)
    {
        var (now, content) = (clock.GetUtcNow(), new ReadOnlyMemoryContent(json));
        var timestamp = WebhookSignature.Timestamp(now);
        content.Headers.ContentType = new(PublicEvent.MediaType);
        return new(HttpMethod.Post, webhook.Url)
        {
            Content = content,
            Headers =
            {
                { "webhook-id", id },
                { "webhook-timestamp", timestamp },
                { "webhook-signature", WebhookSignature.Of(webhook.Signing(now), id, timestamp, json) },
            },
        };
    }

    /// <summary>Connects to one of the addresses that were looked at: a host that has another one a moment later gains nothing by it.</summary>
    async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var secure = context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttps;
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        var allowed = addresses.Where(address => guard.Allows(address, secure)).ToArray();
        if (allowed.Length == 0) throw new AddressNotAllowedException();

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static string? Fault(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => $"answered {(int)status}, and redirects are not followed",
        _ => $"answered {(int)status}",
    };

    static string Fault(HttpRequestException e) => e switch
    {
        { InnerException: AddressNotAllowedException no } => no.Message,
        { HttpRequestError: HttpRequestError.NameResolutionError } => "the host is not known",
        { HttpRequestError: HttpRequestError.ConnectionError } => "no connection",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "no TLS connection, or no certificate that is trusted for this host",
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } => "the answer cannot be read",
        _ => "hung up without an answer",
    };

    /// <summary>How long an endpoint that is overtaxed asks to be left alone.</summary>
    TimeSpan? Wish(HttpResponseMessage response) => response is { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: { } wish }
        ? wish.Delta ?? wish.Date - clock.GetUtcNow()
        : null;

    /// <summary>The beginning of an answer's body. By the status it is known what became of the event, so what goes wrong here does not matter.</summary>
    static async Task<string> Beginning(HttpResponseMessage response, CancellationToken cancellation)
    {
        var (kept, length) = (new byte[MostKept], 0);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            while (length < MostKept && await body.ReadAsync(kept.AsMemory(length), cancellation) is > 0 and var more) length += more;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // What came before is kept.
        }

        // PostgreSQL has no place for U+0000.
        return Encoding.UTF8.GetString(kept, 0, length).Replace('\0', '\uFFFD');
    }
}

/// <summary>What came of sending something to an endpoint.</summary>
/// <param name="Status">The HTTP status of its answer, if there was one.</param>
/// <param name="Fault">What went wrong; null where it was taken.</param>
/// <param name="Body">The beginning of the answer's body.</param>
/// <param name="Wish">How long the endpoint asks to be left alone, if it does.</param>
/// <param name="Took">How long it took.</param>
public sealed record WebhookAnswer(int? Status, string? Fault, string? Body, TimeSpan? Wish, TimeSpan Took)
{
    /// <summary>Whether the endpoint says that it is gone for good.</summary>
    public bool Gone => Status is 410;
}
