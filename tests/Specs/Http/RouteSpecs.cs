using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace OrderMonolith.Specs;

/// <summary>What holds for every route there is, found by asking the service for its routes.</summary>
public sealed partial class RouteSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    const string Some = "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c";

    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task Every_route_says_its_methods_refuses_others_and_has_head_beside_get()
    {
        var paths = Routes().Select(route => Filled(route.Path)).Distinct().ToList();
        Assert.True(paths.Count > 10);
        foreach (var path in paths)
        {
            // A word may also be read as the parameter of another route.
            var methods = Routes().Where(route => Template(route.Path).IsMatch(path)).SelectMany(route => route.Methods).Append("OPTIONS").ToHashSet();
            if (methods.Contains("GET")) methods.Add("HEAD");
            var allowed = string.Join(", ", methods.Order());

            var options = await monolith.Send("OPTIONS", path);
            Assert.Equal((path, 204, allowed, ""), (path, options.Status, options.Header("Allow"), options.Body));
            foreach (var method in "PATCH PUT HEAD GET POST DELETE".Split(' ').Except(methods))
            {
                var wrong = await monolith.Send(method, path);
                Assert.Equal((path, 405, allowed), (path, wrong.Status, wrong.Header("Allow")));
                if (method != "HEAD") Assert.Equal("method-not-allowed", wrong.Code);
            }

            // A stream does not end.
            if (!methods.Contains("GET") || path.EndsWith("/stream", StringComparison.Ordinal)) continue;
            var (get, head) = (await monolith.Send("GET", path), await monolith.Send("HEAD", path));
            Assert.Equal((path, get.Status, get.Header("Content-Type"), ""), (path, head.Status, head.Header("Content-Type"), head.Body));
        }
    }

    [Fact]
    public async Task An_orders_id_is_written_in_one_way_only()
    {
        const string Id = "0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3d";
        Assert.Equal(201, (await monolith.Send("POST", "/v1/orders", new { orderId = Id, customerId = "ada" })).Status);
        var routes = Routes().Where(route => route.Path.Contains("{orderId}", StringComparison.Ordinal)).ToList();
        Assert.Contains(routes, route => route.Path.EndsWith("/diff", StringComparison.Ordinal));
        foreach (var (path, methods) in routes)
            foreach (var method in methods)
            {
                Assert.NotEqual((path, "order-not-found"), (path, (await monolith.Send(method, Named(Id))).Code));
                foreach (var form in new[] { Id.ToUpperInvariant(), Id.Replace('d', 'D'), Id.Replace("-", "", StringComparison.Ordinal), $"{{{Id}}}", $"({Id})", "%20" + Id })
                    Assert.Equal((path, form, "order-not-found"), (path, form, (await monolith.Send(method, Named(form))).Code));

                string Named(string id) => Filled(path).Replace(Some, id, StringComparison.Ordinal);
            }
    }

    IEnumerable<(string Path, IReadOnlyList<string> Methods)> Routes() =>
        from source in monolith.Services.GetServices<EndpointDataSource>()
        from route in source.Endpoints.OfType<RouteEndpoint>()
        select (route.RoutePattern.RawText!, route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]);

    static string Filled(string route) => Parameter().Replace("/" + route.TrimStart('/'), parameter => parameter.Groups["name"].Value switch
    {
        "orderId" => Some,
        "code" => "forbidden",
        "documentName" => "v1",
        var name => name,
    });

    static Regex Template(string route) => new($"^{Parameter().Replace("/" + route.TrimStart('/'), "[^/]+")}$");

    [GeneratedRegex(@"\{\**(?<name>\w+)[^}]*\}")]
    private static partial Regex Parameter();
}
