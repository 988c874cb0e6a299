using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;

namespace OrderMonolith.Http;

/// <summary>What holds for every request, whichever route it is for.</summary>
public static partial class Edge
{
    /// <summary>Most bytes of a request's body: 1 MB.</summary>
    public const int MostBytes = 1_048_576;

    /// <summary>Longest that a read may take. A command has bounds of its own, where it waits for its commit.</summary>
    static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(10);

    const string FromOtherPages = "from other pages";

    /// <summary>Sets up the server's bounds, its answers to broken requests, and whose web pages may call.</summary>
    public static void AddEdge(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;

            // The server counts the framing of chunks too; what is read of a body is counted exactly where it is read.
            server.Limits.MaxRequestBodySize = 8 * MostBytes;
        });
        builder.Services.AddExceptionHandler<ExceptionProblems>();
        builder.Services.AddRequestTimeouts(reads => reads.DefaultPolicy = new()
        {
            Timeout = LongestRead,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = http => Problems.Write(http, "storage-unavailable"),
        });
        if (builder.Configuration.Read<CorsSettings>().Origins is { Length: > 0 } origins)
            builder.Services.AddCors(cors => cors.AddPolicy(FromOtherPages, policy => policy.WithOrigins(origins)
                .AllowAnyHeader().AllowAnyMethod()
                .WithExposedHeaders("Consistency-Token", "ETag", "Idempotent-Replayed", "Location", "Preference-Applied", "Retry-After", Problems.TraceHeader, "WWW-Authenticate")));
    }

    /// <summary>Puts that in front of the routes. They are chosen behind it.</summary>
    public static void UseEdge(this WebApplication app)
    {
        app.Use(Harden);
        app.UseExceptionHandler(_ => { });
        app.UseStatusCodePages(EmptyAnswers.Explain);
        app.Use(Methods.Serve);
        app.Use(RefuseBrokenTargets);
        app.UseRouting();
        if (app.Configuration.Read<CorsSettings>().Origins is { Length: > 0 }) app.UseCors(FromOtherPages);
        app.Use(Methods.Restrict);
        app.UseAccess();
        app.UseWhen(http => HttpMethods.IsGet(http.Request.Method), reads => reads.UseRequestTimeouts());
    }

    /// <summary>Has an order's id in an address be written in one way only, as we write it, in lower case with hyphens: any other names no order.</summary>
    public static void UseOneFormOfIds(this WebApplication app) => app.Use((HttpContext http, RequestDelegate next) =>
        http.GetRouteValue("orderId") is not string id || (Guid.TryParseExact(id, "D", out var known) && id == known.ToString())
            ? next(http)
            : throw ProblemException.OrderNotFound);

    static Task Harden(HttpContext http, RequestDelegate next)
    {
        var trace = Problems.TraceId(http);
        http.Response.OnStarting(() =>
        {
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers[Problems.TraceHeader] = trace;
            return Task.CompletedTask;
        });
        return next(http);
    }

    /// <summary>Escapes that are none, are not UTF-8 or hide a slash stay in the path as they were sent, and would then name something else than they say.</summary>
    static Task RefuseBrokenTargets(HttpContext http, RequestDelegate next)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.Contains('%') && (BrokenEscape().IsMatch(target) || !IsUtf8(target)))
            throw new ProblemException("malformed-request", "The address has an escape that cannot be read.");
        return next(http);
    }

    static bool IsUtf8(string escaped)
    {
        var bytes = Encoding.UTF8.GetBytes(escaped);
        return Utf8.IsValid(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length));
    }

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})|^[^?]*%2[Ff]")]
    private static partial Regex BrokenEscape();
}
