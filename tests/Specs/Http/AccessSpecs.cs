using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Http;

namespace OrderMonolith.Specs;

/// <summary>Who may call, where tokens are asked for.</summary>
public sealed class AccessSpecs(AccessSpecs.Guarded guarded) : IClassFixture<AccessSpecs.Guarded>
{
    static readonly object ForC1 = new { customerId = "c1" };

    readonly Monolith monolith = guarded.Service;

    /// <summary>A service that asks for tokens.</summary>
    public sealed class Guarded(Postgres postgres) : IAsyncLifetime
    {
        public Monolith Service { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Service = await Monolith.Start(postgres, null, Tokens.Settings);

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }

    [Fact]
    public async Task Who_calls_is_asked_before_anything_else()
    {
        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("POST", "/v1/orders", "not JSON"),
            ("POST", "/v1/orders/not-an-id/items", "{}"),
            ("DELETE", $"/v1/orders/{Guid.NewGuid()}/items/tea?nonsense=1", null),
        })
        {
            var unknown = await monolith.Send(method, path, body);
            Assert.Equal("unauthenticated", unknown.Code);
            Assert.Equal("Bearer", unknown.Header("WWW-Authenticate"));

            var reader = await monolith.Send(method, path, body, Tokens.For("ann", "orders:read"));
            Assert.Equal("forbidden", reader.Code);
            Assert.Equal("Bearer error=\"insufficient_scope\", scope=\"orders:write\"", reader.Header("WWW-Authenticate"));
        }
    }

    [Fact]
    public async Task Nobody_who_stands_for_a_customer_is_an_operator()
    {
        const string Views = "/v1/ops/projections";
        Assert.Equal(200, (await monolith.Send("GET", Views, null, Tokens.For("ann", "operations"))).Status);
        var customer = await monolith.Send("GET", Views, null, Tokens.Of([("sub", "ann"), ("scope", "operations"), ("customer_id", "c1")]));
        Assert.Equal(("forbidden", null), (customer.Code, customer.Header("WWW-Authenticate")));
    }

    [Fact]
    public async Task Scopes_stand_in_one_claim_or_in_several_and_under_either_name()
    {
        Assert.Equal(201, await Create(Tokens.For("ann", "profile orders:write orders:read")));
        Assert.Equal(201, await Create(Tokens.Of([("sub", "ann"), ("scp", "profile orders:write".Split(' '))])));
        Assert.Equal(403, await Create(Tokens.For("ann", "orders:writer")));
        Assert.Equal(403, await Create(Tokens.For("ann", "")));
    }

    [Fact]
    public async Task Only_tokens_that_are_whole_and_fresh_are_taken()
    {
        Assert.Equal(401, await Create(Tokens.Unsigned));
        Assert.Equal(401, await Create(Tokens.Of([("sub", "ann"), ("scope", "orders:write")], expires: DateTime.UtcNow.AddMinutes(-10))));
        Assert.Equal(401, await Create(Tokens.Of([("sub", "ann"), ("scope", "orders:write")], key: new byte[32])));
        Assert.Equal(401, await Create(("Authorization", "Bearer nonsense")));
        Assert.Equal(401, await Create(("Authorization", "Basic YTpi")));
    }

    [Fact]
    public async Task The_actor_of_every_event_is_the_tokens_subject()
    {
        var id = Guid.NewGuid();
        await monolith.Send("POST", "/v1/orders", new { orderId = id, customerId = "c1" }, Tokens.For("shop|ann", "orders:write"));
        Assert.Equal("shop|ann", await monolith.Query<string>($"select user_name from events.mt_events where stream_id = '{id}'"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("System")]
    [InlineData("import")]
    [InlineData("a\0b")]
    public async Task Nobody_is_nobody_or_one_of_us(string subject) => Assert.Equal(401, await Create(Tokens.For(subject, "orders:write")));

    [Fact]
    public async Task A_token_names_somebody() => Assert.Equal(401, await Create(Tokens.Of([("scope", "orders:write")])));

    [Fact]
    public async Task A_customer_sees_and_changes_its_own_orders_only()
    {
        var (c1, c2, shop) = (Customer("c1"), Customer("c2"), Tokens.For("shop", "orders:write"));
        var created = await monolith.Send("POST", "/v1/orders", "{}", c1);
        Assert.Equal("c1", created.Content.GetProperty("customerId").GetString());
        Assert.Equal("forbidden", (await monolith.Send("POST", "/v1/orders", new { customerId = "c2" }, c1)).Code);
        Assert.Equal("validation-failed", (await monolith.Send("POST", "/v1/orders", "{}", shop)).Code);

        var (read2, order) = (Tokens.For("ann", "orders:read", ("customer_id", "c2")), created.Header("Location")!);
        Assert.Equal("order-not-found", (await monolith.Send("GET", order, null, read2)).Code);
        Assert.Equal("order-not-found", (await monolith.Send("GET", order + "/summary", null, read2)).Code);
        Assert.Empty((await monolith.Send("GET", "/v1/orders", null, read2)).Content.GetProperty("items").EnumerateArray());
        Assert.Empty((await monolith.Send("GET", "/v1/orders?customerId=c1", null, read2)).Content.GetProperty("items").EnumerateArray());

        var cancel = order + "/cancel";
        Assert.Equal("order-not-found", (await monolith.Send("POST", cancel, null, c2)).Code);
        Assert.Equal("order-not-found", (await monolith.Send("POST", cancel, null, c2, ("If-Match", "\"7\""))).Code);
        Assert.Equal(200, (await monolith.Send("POST", cancel, null, c1)).Status);
        Assert.Equal(200, (await monolith.Send("POST", cancel, null, shop)).Status);
    }

    [Fact]
    public async Task Reading_needs_the_scope_for_reading()
    {
        foreach (var path in new[] { "/v1/orders", $"/v1/orders/{Guid.NewGuid()}", $"/v1/orders/{Guid.NewGuid()}/summary", "/v1/orders?nonsense=1" })
        {
            Assert.Equal("unauthenticated", (await monolith.Send("GET", path)).Code);
            Assert.Equal("forbidden", (await monolith.Send("GET", path, null, Tokens.For("ann", "orders:write"))).Code);
            Assert.NotInRange((await monolith.Send("GET", path, null, Tokens.For("ann", "orders:read"))).Status, 401, 403);
        }
    }

    [Theory]
    [InlineData("guest")]
    [InlineData("")]
    [InlineData(" c1")]
    [InlineData("a/b")]
    [InlineData(17)]
    [InlineData(true)]
    public async Task A_customer_that_cannot_be_is_nobody(object customerId) => Assert.Equal(401, await Create(Customer(customerId)));

    [Theory]
    [InlineData("[]")]
    [InlineData("[[]]")]
    [InlineData("[null]")]
    [InlineData("""["c1","c2"]""")]
    [InlineData("""["c1","c1"]""")]
    [InlineData("{}")]
    [InlineData("""{"id":"c1"}""")]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("1.5")]
    public async Task A_claim_that_names_no_customer_or_several_never_stands_for_all(string customerId)
    {
        var caller = Customer(JsonElement.Parse(customerId));
        Assert.Equal(401, await Create(caller));
        Assert.Equal("unauthenticated", (await monolith.Send("GET", "/v1/orders", null, caller)).Code);
    }

    [Fact]
    public async Task A_claim_that_names_one_customer_in_an_array_stands_for_that_one()
    {
        var c1 = Customer(JsonElement.Parse("""["c1"]"""));
        Assert.Equal(201, await Create(c1));
        Assert.Equal("forbidden", (await monolith.Send("POST", "/v1/orders", new { customerId = "c2" }, c1)).Code);
    }

    [Fact]
    public async Task Several_subjects_are_nobody() => Assert.Equal(401, await Create(Tokens.Of([("sub", "ann bob".Split(' ')), ("scope", "orders:write")])));

    [Theory]
    [InlineData("""{"customerId":"c2","currency":"nonsense"}""")]
    [InlineData("""{"customerId":"c2","nonsense":1}""")]
    [InlineData("""{"customerId":" c2"}""")]
    [InlineData("""{"customerId":"c2","items":[{}]}""")]
    public async Task Who_may_not_ask_does_not_learn_what_else_is_wrong(string body)
    {
        Assert.Equal("forbidden", (await monolith.Send("POST", "/v1/orders", body, Customer("c1"))).Code);
        Assert.Equal("validation-failed", (await monolith.Send("POST", "/v1/orders", body, Tokens.For("shop", "orders:write"))).Code);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/problems/forbidden")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs/")]
    public async Task What_explains_the_service_is_open_to_everybody(string path) => Assert.Equal(200, (await monolith.Send("GET", path)).Status);

    [Fact]
    public void Every_route_says_who_may_call()
    {
        foreach (var route in monolith.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>())
        {
            var guards = route.Metadata.GetOrderedMetadata<IAuthorizeData>();
            if (route.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal))
                Assert.Contains(guards, guard => guard.Policy is { } scope && Scopes.All.ContainsKey(scope));
            else
                Assert.True(guards.Count > 0 || route.Metadata.GetMetadata<IAllowAnonymous>() is not null, route.RoutePattern.RawText);
        }
    }

    static (string, string) Customer(object id) => Tokens.For("ann", "orders:write", ("customer_id", id));

    async Task<int> Create((string, string) caller)
    {
        var answer = await monolith.Send("POST", "/v1/orders", ForC1, caller);
        Assert.Equal(answer.Status switch { 401 => "unauthenticated", 403 => "forbidden", _ => null }, answer.Code);
        return answer.Status;
    }
}
