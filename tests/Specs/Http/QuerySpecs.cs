namespace OrderMonolith.Specs;

/// <summary>A query string holds what the route takes, once and not empty; whatever else is in it, nothing is done.</summary>
public sealed class QuerySpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    public static TheoryData<string, string> Routes => [.. ApiDocument.Operations.Where(o => o.Route.StartsWith("/v1/", StringComparison.Ordinal)).Select(o => (o.Method, o.Route))];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_route_refuses_what_it_does_not_take(string method, string route)
    {
        var operation = ApiDocument.Operations.Single(o => o.Method == method && o.Route == route).Operation;
        var order = await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 1 } } });
        var path = route.Replace("/{orderId}", order.Header("Location")!["/v1/orders".Length..], StringComparison.Ordinal).Replace("{productId}", "tea", StringComparison.Ordinal);
        var body = operation.TryGetProperty("requestBody", out var takes) && takes.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out var example) ? example.GetRawText() : null;
        var orders = await Orders();

        string[] taken = operation.TryGetProperty("parameters", out var parameters) is false ? [] : [.. parameters.EnumerateArray().Where(p => p.GetProperty("in").ValueEquals("query")).Select(p => p.GetProperty("name").GetString()!)];
        foreach (var (name, query) in new[] { ("nonsense", "nonsense=1"), ("Limit", "Limit=1"), ("", "=1"), ("x", "x=") }.Concat(taken.SelectMany(name => new[] { (name, $"{name}="), (name, $"{name}=1&{name}=1") })))
        {
            var answer = await monolith.Send(method, $"{path}?{query}", body);
            Assert.Equal(("validation-failed", query), (answer.Code, query));
            Assert.Equal(name, Assert.Single(answer.Content.GetProperty("errors").EnumerateObject()).Name);
        }

        Assert.Equal(orders, await Orders());
    }

    Task<string> Orders() => monolith.Query<string>("select string_agg(data::text, ' ' order by id) from views.mt_doc_order");
}
