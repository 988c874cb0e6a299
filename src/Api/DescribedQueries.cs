using System.Collections.Frozen;
using Microsoft.OpenApi;
using OrderMonolith.Http;

namespace OrderMonolith.Api;

/// <summary>Takes only those parameters in a query string that the API's description has, whichever route it is for.</summary>
public static class DescribedQueries
{
    static readonly FrozenDictionary<(string Method, string Path), string[]> Described = ApiOperations.All.Where(operation => operation.Scope is not null).ToFrozenDictionary(
        operation => (operation.Method, operation.Path),
        operation => operation.Parameters.Where(parameter => parameter.In is ParameterLocation.Query).Select(parameter => parameter.Name!).ToArray());

    /// <summary>Refuses all others with <c>validation-failed</c>, before a body is read and after it is known who calls.</summary>
    public static void UseDescribedQueries(this WebApplication app) => app.Use((HttpContext http, RequestDelegate next) =>
    {
        if (http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } path } && Described.TryGetValue((http.Request.Method, path), out var parameters))
            QueryParameters.Of(http, parameters);
        return next(http);
    });
}
