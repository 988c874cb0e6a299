using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OrderMonolith.Specs;

/// <summary>What holds for every route there is, found by asking the service for its routes.</summary>
public sealed partial class RouteSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task Every_route_says_its_methods_refuses_others_and_has_head_beside_get()
    {
        var routes = monolith.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .GroupBy(route => Filled(route.RoutePattern.RawText!), route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).ToList();
        Assert.True(routes.Count > 10);
        foreach (var route in routes)
        {
            var methods = route.SelectMany(its => its).Append("OPTIONS").ToHashSet();
            if (methods.Contains("GET")) methods.Add("HEAD");
            var (path, allowed) = (route.Key, string.Join(", ", methods.Order()));

            var options = await monolith.Send("OPTIONS", path);
            Assert.Equal((path, 204, allowed, ""), (path, options.Status, options.Header("Allow"), options.Body));
            foreach (var method in "PATCH PUT HEAD GET POST DELETE".Split(' ').Except(methods))
            {
                var wrong = await monolith.Send(method, path);
                Assert.Equal((path, 405, allowed), (path, wrong.Status, wrong.Header("Allow")));
                if (method != "HEAD") Assert.Equal("method-not-allowed", wrong.Code);
            }

            if (!methods.Contains("GET")) continue;
            var (get, head) = (await monolith.Send("GET", path), await monolith.Send("HEAD", path));
            Assert.Equal((path, get.Status, get.Header("Content-Type"), ""), (path, head.Status, head.Header("Content-Type"), head.Body));
        }
    }

    static string Filled(string route) => Parameter().Replace("/" + route.TrimStart('/'), parameter => parameter.Groups["name"].Value switch
    {
        "orderId" => "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c",
        "code" => "forbidden",
        "documentName" => "v1",
        var name => name,
    });

    [GeneratedRegex(@"\{\**(?<name>\w+)[^}]*\}")]
    private static partial Regex Parameter();
}
