namespace OrderMonolith.Specs;

/// <summary>Operators look after partners' endpoints over HTTP.</summary>
public sealed class WebhookSpecs(WebhookSpecs.Calling calling) : IClassFixture<WebhookSpecs.Calling>
{
    readonly Monolith monolith = calling.Service;

    /// <summary>A service that may call endpoints on this machine.</summary>
    public sealed class Calling(Postgres postgres) : IAsyncLifetime
    {
        public Postgres Postgres => postgres;

        public Monolith Service { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Service = await Monolith.Start(postgres, null, Receiver.Allowed);

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }

    [Fact]
    public async Task A_new_webhook_is_shown_with_its_secret_once()
    {
        var created = await monolith.Send("POST", "/v1/webhooks", """{"url":"https://partner.example/hook","description":"Warehouse","types":["order.confirmed.v1"]}""");
        Assert.Equal(201, created.Status);
        var (address, secret) = (created.Header("Location")!, created.Content.GetProperty("secret").GetString()!);
        Assert.Equal(32, Convert.FromBase64String(secret["whsec_".Length..]).Length);

        var read = await monolith.Send("GET", address);
        Assert.Equal(("https://partner.example/hook", "Warehouse", "Active"), (Text(read, "url"), Text(read, "description"), Text(read, "status")));
        Assert.DoesNotContain("whsec_", read.Body + (await monolith.Send("GET", "/v1/webhooks?limit=200")).Body + (await monolith.Send("PATCH", address, "{}")).Body);
    }

    [Fact]
    public async Task Only_what_is_given_changes()
    {
        var address = await Create("https://partner.example/a");
        var changed = await monolith.Send("PATCH", address, """{"description":"b"}""");
        Assert.Equal((200, "https://partner.example/a", "b", "Active"), (changed.Status, Text(changed, "url"), Text(changed, "description"), Text(changed, "status")));
        changed = await monolith.Send("PATCH", address, """{"url":"https://partner.example/c","types":["order.created.v1"],"status":"Paused"}""");
        Assert.Equal(("https://partner.example/c", "b", "Paused", "Paused by anonymous."), (Text(changed, "url"), Text(changed, "description"), Text(changed, "status"), Text(changed, "pausedBecause")));
        changed = await monolith.Send("PATCH", address, """{"description":"","types":[],"status":"Active"}""");
        Assert.Equal(("Active", 0, false, false), (Text(changed, "status"), changed.Content.GetProperty("types").GetArrayLength(), changed.Content.TryGetProperty("description", out _), changed.Content.TryGetProperty("pausedAt", out _)));
        Assert.Equal(changed.Body, (await monolith.Send("GET", address)).Body);
    }

    [Fact]
    public async Task Changes_at_the_same_time_are_all_made()
    {
        var address = await Create("https://partner.example/a");
        await Task.WhenAll(
            monolith.Send("PATCH", address, """{"url":"https://partner.example/z"}"""), monolith.Send("PATCH", address, """{"description":"z"}"""),
            monolith.Send("PATCH", address, """{"types":["order.created.v1"]}"""), monolith.Send("PATCH", address, """{"status":"Paused"}"""));
        var read = await monolith.Send("GET", address);
        Assert.Equal(("https://partner.example/z", "z", 1, "Paused"), (Text(read, "url"), Text(read, "description"), read.Content.GetProperty("types").GetArrayLength(), Text(read, "status")));
    }

    [Fact]
    public async Task A_deleted_webhook_is_gone_with_all_that_waited()
    {
        var address = await Create("https://partner.example/a");
        Assert.Equal(204, (await monolith.Send("DELETE", address)).Status);
        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("GET", "", null), ("PATCH", "", "{}"), ("DELETE", "", null), ("POST", "/rotations", "{}"), ("POST", "/tests", "{}"), ("GET", "/deliveries", null),
            ("GET", $"/deliveries/{Guid.NewGuid()}", null), ("POST", $"/deliveries/{Guid.NewGuid()}/redeliveries", "{}"), ("POST", "/replays", """{"afterSequence":0}"""),
        })
            Assert.Equal((method + path, "webhook-not-found"), (method + path, (await monolith.Send(method, address + path, body)).Code));
        Assert.Equal(0, await monolith.Query<long>($"select count(*) from outward.targets where name = '{address.Split('/')[^1]}'"));
        Assert.Equal("webhook-not-found", (await monolith.Send("GET", "/v1/webhooks/nonsense")).Code);
    }

    [Fact]
    public async Task The_list_goes_on_page_by_page()
    {
        for (var i = 0; i < 3; i++) await Create("https://partner.example/a");
        var (all, next) = (new List<string>(), "");
        while (next is not null)
        {
            var page = await monolith.Send("GET", $"/v1/webhooks?limit=2{(next.Length > 0 ? $"&cursor={next}" : "")}");
            Assert.Equal(200, page.Status);
            all.AddRange(page.Content.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            next = page.Content.GetProperty("next").GetString();
        }

        Assert.Equal(await monolith.Query<long>("select count(*) from outward.mt_doc_webhook"), all.Count);
        Assert.Equal(all.Distinct().Order(StringComparer.Ordinal), all);
        Assert.Equal("validation-failed", (await monolith.Send("GET", "/v1/webhooks?cursor=nonsense")).Code);
    }

    [Theory]
    [InlineData("{}", "url")]
    [InlineData("""{"url":null}""", "url")]
    [InlineData("""{"url":"partner.example"}""", "url")]
    [InlineData("""{"url":"/hook"}""", "url")]
    [InlineData("""{"url":"ftp://partner.example"}""", "url")]
    [InlineData("""{"url":"file:///etc/passwd"}""", "url")]
    [InlineData("""{"url":"https://ann:secret@partner.example"}""", "url")]
    [InlineData("""{"url":"https://partner.example/#a"}""", "url")]
    [InlineData("""{"url":"https://partner.example/ a"}""", "url")]
    [InlineData("""{"url":"https://10.0.0.1/"}""", "url")]
    [InlineData("""{"url":"https://169.254.169.254/latest"}""", "url")]
    [InlineData("""{"url":"https://2852039166/"}""", "url")]
    [InlineData("""{"url":"https://0xA9.0xFE.0xA9.0xFE/"}""", "url")]
    [InlineData("""{"url":"https://[fd00:ec2::254]/"}""", "url")]
    [InlineData("""{"url":"https://[::ffff:10.0.0.1]/"}""", "url")]
    [InlineData("""{"url":"http://1.1.1.1/"}""", "url")]
    [InlineData("""{"url":"https://partner.example","types":["order.shipped.v1"]}""", "types")]
    [InlineData("""{"url":"https://partner.example","types":["order.created.v1","order.created.v1"]}""", "types")]
    [InlineData("""{"url":"https://partner.example","secret":"whsec_AAAA"}""", "secret")]
    public async Task What_is_wrong_is_named(string body, string named)
    {
        var refused = await monolith.Send("POST", "/v1/webhooks", body);
        Assert.Equal("validation-failed", refused.Code);
        Assert.True(refused.Content.GetProperty("errors").TryGetProperty(named, out _), refused.Body);
    }

    [Theory]
    [InlineData("""{"url":"https://192.168.1.1/"}""")]
    [InlineData("""{"status":"Asleep"}""")]
    [InlineData("""{"status":"active"}""")]
    [InlineData("""{"id":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"}""")]
    public async Task A_change_is_refused_likewise(string body) => Assert.Equal("validation-failed", (await monolith.Send("PATCH", await Create("https://partner.example/a"), body)).Code);

    [Fact]
    public async Task Plain_HTTP_is_for_allowed_networks()
    {
        Assert.Equal(201, (await monolith.Send("POST", "/v1/webhooks", """{"url":"http://127.0.0.1:1/"}""")).Status);
        Assert.Equal(201, (await monolith.Send("POST", "/v1/webhooks", """{"url":"https://[::1]:1/"}""")).Status);
    }

    [Fact]
    public async Task A_test_tells_what_came_back()
    {
        await using var receiver = await Receiver.Start();
        var created = await monolith.Send("POST", "/v1/webhooks", new { url = receiver.Url });
        var address = created.Header("Location")!;
        receiver.Says(418, "short and stout");
        var test = await monolith.Send("POST", address + "/tests", "{}");
        Assert.Equal((200, false, 418, "short and stout", "answered 418"), (test.Status, test.Content.GetProperty("delivered").GetBoolean(), test.Content.GetProperty("status").GetInt32(), Text(test, "response"), Text(test, "fault")));

        await monolith.Send("PATCH", address, """{"status":"Paused"}""");
        receiver.Says(200);
        test = await monolith.Send("POST", address + "/tests");
        Assert.True(test.Content.GetProperty("delivered").GetBoolean());
        var got = receiver.All[^1];
        Assert.Equal((Text(test, "eventId"), "webhook.test.v1", Text(test, "eventId")), (got.Id, got.Type, got.Event.GetProperty("id").GetString()));
        Assert.True(StandardWebhooks.Verifies(Text(created, "secret")!, got));
    }

    [Fact]
    public async Task While_a_secret_is_replaced_both_sign()
    {
        await using var receiver = await Receiver.Start();
        var created = await monolith.Send("POST", "/v1/webhooks", new { url = receiver.Url });
        var (address, first) = (created.Header("Location")!, Text(created, "secret")!);

        var rotated = await monolith.Send("POST", address + "/rotations");
        var second = Text(rotated, "secret")!;
        Assert.InRange(rotated.Content.GetProperty("oldSecretSignsUntil").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(25));
        Assert.Equal((true, true), await Signs(first, second));

        var third = Text(await monolith.Send("POST", address + "/rotations", """{"oldSignsForSeconds":0}"""), "secret")!;
        Assert.Equal((false, true), await Signs(second, third));
        Assert.False((await monolith.Send("GET", address)).Content.TryGetProperty("oldSecretSignsUntil", out _));
        Assert.Equal("validation-failed", (await monolith.Send("POST", address + "/rotations", """{"oldSignsForSeconds":2592001}""")).Code);

        async Task<(bool, bool)> Signs(string one, string other)
        {
            await monolith.Send("POST", address + "/tests");
            return (StandardWebhooks.Verifies(one, receiver.All[^1]), StandardWebhooks.Verifies(other, receiver.All[^1]));
        }
    }

    [Fact]
    public async Task There_is_an_end_to_how_many_there_are()
    {
        await using var service = await Monolith.Start(calling.Postgres);
        Assert.Equal(201, (await service.Send("POST", "/v1/webhooks", """{"url":"https://partner.example"}""")).Status);
        await service.Query<long>("with more as (insert into outward.mt_doc_webhook (id, data) select gen_random_uuid(), data from outward.mt_doc_webhook, generate_series(1, 999) returning 1) select count(*) from more");
        Assert.Equal("too-many-webhooks", (await service.Send("POST", "/v1/webhooks", """{"url":"https://partner.example"}""")).Code);
    }

    static string? Text(Answer answer, string name) => answer.Content.GetProperty(name).GetString();

    async Task<string> Create(string url) => (await monolith.Send("POST", "/v1/webhooks", new { url })).Header("Location")!;
}
