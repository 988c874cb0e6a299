using Microsoft.AspNetCore.Http.Features;

namespace OrderMonolith.Http;

/// <summary>The methods that every address has without its own doing: HEAD wherever there is GET, and OPTIONS.</summary>
public static class Methods
{
    /// <summary>Middleware: serves HEAD as a GET whose body goes nowhere, and OPTIONS with what is allowed.</summary>
    public static async Task Serve(HttpContext http, RequestDelegate next)
    {
        var asked = http.Request.Method;
        if (HttpMethods.IsHead(asked))
        {
            http.Request.Method = HttpMethods.Get;
            http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null, http.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));
        }

        await next(http);

        http.Request.Method = asked;
        if (http.Response is not { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false } response) return;

        var methods = response.Headers.Allow.SelectMany(list => list!.Split(',', StringSplitOptions.TrimEntries)).Append(HttpMethods.Options).ToHashSet();
        if (methods.Contains(HttpMethods.Get)) methods.Add(HttpMethods.Head);
        response.Headers.Allow = string.Join(", ", methods.Order());
        if (HttpMethods.IsOptions(asked)) response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Middleware behind the choice of a route: one that names no method is for GET, and does not take whatever comes.</summary>
    public static Task Restrict(HttpContext http, RequestDelegate next)
    {
        if (HttpMethods.IsGet(http.Request.Method) || http.GetEndpoint() is not RouteEndpoint route || route.Metadata.GetMetadata<IHttpMethodMetadata>() is not null) return next(http);
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        http.Response.Headers.Allow = HttpMethods.Get;
        return Task.CompletedTask;
    }
}
