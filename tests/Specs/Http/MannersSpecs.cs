using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OrderMonolith.Specs;

/// <summary>HTTP as it is meant: methods, sizes, types, broken addresses, and answers to them.</summary>
public sealed class MannersSpecs(MannersSpecs.Served served) : IClassFixture<MannersSpecs.Served>
{
    static readonly string[] Json = ["Content-Type: application/json"];

    readonly OnSocket service = served.Service;

    /// <summary>A service whose routes other pages may call.</summary>
    public sealed class Served(Postgres postgres) : IAsyncLifetime
    {
        public OnSocket Service { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Service = await OnSocket.Start(postgres, ("Cors:Origins:0", "https://shop.example"), ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Information"));

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }

    [Theory]
    [InlineData("/v1/orders", "GET, HEAD, OPTIONS, POST")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c", "GET, HEAD, OPTIONS")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c/items", "OPTIONS, POST")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c/items/tea", "DELETE, OPTIONS")]
    [InlineData("/problems/forbidden", "GET, HEAD, OPTIONS")]
    public async Task Every_address_says_which_methods_it_has(string path, string methods)
    {
        var options = await service.Send($"OPTIONS {path}", []);
        Assert.Equal((204, methods, ""), (options.Status, options.Headers["Allow"], options.Body));

        var wrong = await service.Send($"PATCH {path}", []);
        Assert.Equal((405, methods, "method-not-allowed"), (wrong.Status, wrong.Headers["Allow"], wrong.Code));
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/problems/nonsense")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c/items/a/b")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        Assert.Equal("route-not-found", (await service.Send($"GET {path}", [])).Code);
        Assert.Equal(404, (await service.Send($"HEAD {path}", [])).Status);
    }

    [Fact]
    public async Task Head_is_a_get_without_its_body()
    {
        var created = await service.Send("POST /v1/orders", Json, """{"customerId":"c1"}"""u8.ToArray());
        foreach (var path in new[] { created.Headers["Location"], created.Headers["Location"] + "/summary", "/v1/orders", "/problems/forbidden", "/openapi/v1.json", "/health/live", $"/v1/orders/{Guid.NewGuid()}" })
        {
            var (get, head) = (await service.Send($"GET {path}", []), await service.Send($"HEAD {path}", []));
            Assert.Equal((get.Status, ""), (head.Status, head.Body));
            Assert.NotEqual("", get.Body);
            foreach (var name in new[] { "ETag", "Content-Type", "Content-Length", "X-Content-Type-Options" })
                Assert.Equal((name, get.Headers.GetValueOrDefault(name)), (name, head.Headers.GetValueOrDefault(name)));
        }
    }

    [Fact]
    public async Task A_body_holds_at_most_1_MB()
    {
        var most = Padded(1_048_576);
        Assert.Equal(201, (await service.Send("POST /v1/orders", Json, most)).Status);
        Assert.Equal("request-too-large", (await service.Send("POST /v1/orders", Json, Padded(1_048_577))).Code);

        Assert.Equal(201, (await service.Send(Chunked(most))).Status);
        Assert.Equal("request-too-large", (await service.Send(Chunked(Padded(1_048_577)))).Code);
    }

    [Theory]
    [InlineData("Content-Type: text/plain")]
    [InlineData("Content-Type: application/json; charset=utf-16")]
    [InlineData("Content-Type: application/x-www-form-urlencoded")]
    [InlineData("Content-Type: application/vnd.json")]
    [InlineData("Content-Type: nonsense")]
    [InlineData("X-No-Type: at-all")]
    [InlineData("Content-Type: application/json\r\nContent-Encoding: gzip")]
    public async Task Only_json_in_utf8_is_taken(string headers) =>
        Assert.Equal("unsupported-media-type", (await service.Send("POST /v1/orders", headers.Split("\r\n"), """{"customerId":"c1"}"""u8.ToArray())).Code);

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"UTF-8\"")]
    [InlineData("Application/JSON")]
    public async Task Json_in_utf8_has_many_names(string type) =>
        Assert.Equal(201, (await service.Send("POST /v1/orders", [$"Content-Type: {type}"], """{"customerId":"c1"}"""u8.ToArray())).Status);

    [Theory]
    [InlineData("{\"customerId\":\"c1\",\"\u00FC\":1}")]
    [InlineData("{\"customerId\":\"\u00FC\"}")]
    [InlineData("{\"customerId\":\"c1\",\"\\ud800\":1}")]
    [InlineData("{\"customerId\":\"\\ud800\"}")]
    public async Task A_body_that_is_no_text_is_malformed(string latin1) =>
        Assert.Equal("malformed-request", (await service.Send("POST /v1/orders", Json, Encoding.Latin1.GetBytes(latin1))).Code);

    [Theory]
    [InlineData("/v1/orders/%FF")]
    [InlineData("/v1/orders/%zz")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c/items/%C3%28")]
    [InlineData("/v1/orders/0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c/items/a%2Fb")]
    [InlineData("/v1/orders?customerId=%FF")]
    [InlineData("/v1/orders?customerId=%ED%A0%80")]
    public async Task An_address_that_cannot_be_read_is_malformed(string target)
    {
        Assert.Equal("malformed-request", (await service.Send($"GET {target}", [])).Code);
        Assert.Equal("malformed-request", (await service.Send($"DELETE {target}", [])).Code);
    }

    [Theory]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/orders/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/orders HTTP/1.1\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nBroken header\r\n\r\n")]
    public async Task What_is_no_http_is_a_bad_request(string request) => Assert.Equal(400, (await service.Send(Encoding.Latin1.GetBytes(request))).Status);

    [Fact]
    public async Task Addresses_and_headers_have_bounds()
    {
        Assert.Equal(414, (await service.Send($"GET /v1/orders/{new string('a', 10_000)}", [])).Status);
        Assert.Equal(431, (await service.Send("GET /v1/orders", [$"X-Long: {new string('a', 40_000)}"])).Status);
    }

    [Fact]
    public async Task Answers_do_not_say_more_than_they_should()
    {
        foreach (var request in new[] { "GET /v1/orders", "GET /nowhere", "POST /v1/orders", "GET /v1/orders/%FF" })
        {
            var answer = await service.Send(request, []);
            Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
            Assert.DoesNotContain("Server", answer.Headers.Keys);
        }
    }

    [Fact]
    public async Task Pages_of_named_origins_may_call_and_no_others()
    {
        string[] preflight = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,if-match"];
        var shop = await service.Send("OPTIONS /v1/orders", ["Origin: https://shop.example", .. preflight]);
        Assert.Equal((204, "https://shop.example"), (shop.Status, shop.Headers["Access-Control-Allow-Origin"]));
        Assert.Contains("ETag", (await service.Send("GET /v1/orders", ["Origin: https://shop.example"])).Headers["Access-Control-Expose-Headers"]);

        var other = await service.Send("OPTIONS /v1/orders", ["Origin: https://evil.example", .. preflight]);
        Assert.DoesNotContain("Access-Control-Allow-Origin", other.Headers.Keys);
    }

    [Fact]
    public async Task A_caller_that_hangs_up_is_no_error_of_ours()
    {
        using (var client = new TcpClient())
        {
            await client.ConnectAsync("127.0.0.1", service.ClientOptions.BaseAddress.Port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/orders/{Guid.NewGuid()}/cancel HTTP/1.1\r\nHost: hung-up\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"), TestContext.Current.CancellationToken);
            client.Client.LingerState = new(true, 0);
        }

        await service.Logged.Says("Request finished HTTP/1.1 POST http://hung-up/");
        Assert.Empty(service.Logged.Errors);
    }

    static byte[] Padded(int bytes)
    {
        const string Order = """{"customerId":"c1"}""";
        return Encoding.ASCII.GetBytes(Order.PadRight(bytes));
    }

    static byte[] Chunked(byte[] body) =>
    [
        .. "POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"u8,
        .. Encoding.ASCII.GetBytes(body.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. body, .. "\r\n0\r\n\r\n"u8,
    ];
}
