using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OrderMonolith.Specs;

/// <summary>The description of the API is what was approved, and says all and only what is served. Every request of every spec is checked against it too.</summary>
public sealed class ApiDescriptionSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task It_is_the_approved_one_byte_for_byte()
    {
        var served = (await monolith.Send("GET", "/openapi/v1.json")).Body + "\n";
        if (Environment.GetEnvironmentVariable("APPROVE_OPENAPI") == "1") await File.WriteAllTextAsync(ApiDocument.Path, served, TestContext.Current.CancellationToken);
        Assert.True(await File.ReadAllTextAsync(ApiDocument.Path, TestContext.Current.CancellationToken) == served,
            $"The API's description has changed. If that is meant, run the specs once with APPROVE_OPENAPI=1 and look at the difference in {ApiDocument.Path}.");
    }

    [Fact]
    public void It_has_every_route_and_no_other()
    {
        var served = monolith.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => !route.RoutePattern.RawText!.StartsWith("/docs", StringComparison.Ordinal) && !route.RoutePattern.RawText.StartsWith("/openapi", StringComparison.Ordinal))
            .SelectMany(route => (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => (
                Route: $"{method} {route.RoutePattern.RawText}",
                Scope: route.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(asked => asked.Policy).FirstOrDefault(policy => policy is not null) ?? "")));
        var described = ApiDocument.Operations.Select(o => (
            Route: $"{o.Method} {o.Route}",
            Scope: string.Concat(o.Operation.GetProperty("security").EnumerateArray().SelectMany(s => s.GetProperty("bearer").EnumerateArray()).Select(s => s.GetString()))));

        Assert.Equal(served.Distinct().Order(), described.Order());
    }

    [Fact]
    public void Its_examples_are_what_it_describes()
    {
        var media = ApiDocument.Operations.SelectMany(o => Bodies(o.Operation)).ToList();
        Assert.All(media, m => Assert.Empty(ApiDocument.Faults(m.GetProperty("schema"), m.GetProperty("example"))));
        Assert.True(media.Count > 20);
    }

    static IEnumerable<JsonElement> Bodies(JsonElement operation) =>
        operation.GetProperty("responses").EnumerateObject().Select(r => r.Value)
            .Concat(operation.TryGetProperty("requestBody", out var body) ? [body] : [])
            .SelectMany(b => b.TryGetProperty("content", out var content) ? content.EnumerateObject().Select(c => c.Value) : [])
            .Where(m => m.TryGetProperty("example", out _));
}
