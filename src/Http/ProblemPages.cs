using System.Net;

namespace OrderMonolith.Http;

/// <summary>A page per kind of problem, where its <c>type</c> leads.</summary>
public static class ProblemPages
{
    /// <summary>Serves the pages to everybody.</summary>
    public static void MapProblemPages(this WebApplication app) => app
        .MapGet(Problems.AddressOf("{code}"), (string code) => Problems.Kinds.TryGetValue(code, out var kind)
            ? Results.Content(Page(kind), "text/html; charset=utf-8")
            : throw new ProblemException("route-not-found", "There is no such problem."))
        .AllowAnonymous();

    static string Page(ProblemKind kind) =>
        $$"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{kind.Code}}</title>
        <style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem } code { font-size: 1rem }</style>
        <p><code>{{kind.Status}} {{kind.Code}}</code></p>
        <h1>{{WebUtility.HtmlEncode(kind.Title)}}</h1>
        <p>{{WebUtility.HtmlEncode(kind.Help)}}</p>
        <p><a href="/docs">The API</a></p>
        </html>

        """;
}
