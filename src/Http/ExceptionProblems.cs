using System.Diagnostics;
using Marten.Exceptions;
using Microsoft.AspNetCore.Diagnostics;
using OrderMonolith.Storage;

namespace OrderMonolith.Http;

/// <summary>Turns what was thrown into the problem that it is.</summary>
public sealed partial class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    long lastSaid;

    /// <inheritdoc />
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // A view that refuses an event says so inside the framework's own exception.
        switch (exception.GetBaseException() as ProblemException ?? exception)
        {
            case ProblemException problem:
                await Problems.Write(httpContext, problem.Code, problem.Message, problem.Errors);
                break;
            case BadHttpRequestException { StatusCode: 413 }:
                await Problems.Write(httpContext, "request-too-large");
                break;
            case BadHttpRequestException bad:
                await Problems.Write(httpContext, "malformed-request", bad.Message);
                break;
            case UnknownEventTypeException or EventDeserializationFailureException:
                LogUnreadable(exception.Message);
                await Problems.Write(httpContext, "projection-behind", "This node cannot read all that happened.");
                break;
            case var fault when StorageFault.Is(fault):
                SayUnavailable(fault);
                await Problems.Write(httpContext, "storage-unavailable");
                break;
            case OperationCanceledException when httpContext.RequestAborted.IsCancellationRequested:
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                break;
            default:
                LogDefect(exception, httpContext.Request.Method, httpContext.Request.Path);
                await Problems.Write(httpContext, "internal-error");
                break;
        }

        return true;
    }

    /// <summary>An outage concerns every request; it is said now and then, not by each.</summary>
    void SayUnavailable(Exception fault)
    {
        var last = Volatile.Read(ref lastSaid);
        if (last != 0 && Stopwatch.GetElapsedTime(last) < Silence) return;
        if (Interlocked.CompareExchange(ref lastSaid, Stopwatch.GetTimestamp(), last) == last) LogUnavailable(fault.GetBaseException().Message);
    }

    [LoggerMessage(LogLevel.Warning, "The database does not serve; callers are told to come back: {Why}")]
    partial void LogUnavailable(string why);

    [LoggerMessage(LogLevel.Error, "A stored event cannot be read. A newer node may have written it: {Why}")]
    partial void LogUnreadable(string why);

    [LoggerMessage(LogLevel.Error, "A defect: {Method} {Path} failed.")]
    partial void LogDefect(Exception e, string method, string path);
}

/// <summary>Gives answers that the framework leaves empty (no such route, wrong method, …) their problem.</summary>
public static class EmptyAnswers
{
    /// <summary>For <c>UseStatusCodePages</c>.</summary>
    public static Task Explain(StatusCodeContext context)
    {
        var http = context.HttpContext;
        return http.Response.StatusCode switch
        {
            400 => Problems.Write(http, "malformed-request"),
            401 => Problems.Write(http, "unauthenticated"),
            403 => Problems.Write(http, "forbidden"),
            404 => Problems.Write(http, http.GetEndpoint() is null ? "route-not-found" : Missing(http.Request.RouteValues)),
            405 => Problems.Write(http, "method-not-allowed"),
            413 => Problems.Write(http, "request-too-large"),
            415 => Problems.Write(http, "unsupported-media-type"),
            429 => Problems.Write(http, "too-many-requests"),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>What it is that there is not, where an id in an address is none.</summary>
    static string Missing(RouteValueDictionary named) =>
        named.ContainsKey("rebuildId") ? "projection-not-found"
        : named.TryGetValue("eventId", out var e) && !Guid.TryParse(e as string, out _) && Guid.TryParse(named["webhookId"] as string, out _) ? "delivery-not-found"
        : named.ContainsKey("webhookId") ? "webhook-not-found" : "order-not-found";
}
