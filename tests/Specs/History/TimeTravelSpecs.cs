using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>An order can be seen as it was, and what happened to it is told as it was stored.</summary>
public sealed class TimeTravelSpecs(OneMonolith one, Postgres postgres) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    [Fact]
    public async Task An_order_is_read_at_each_version_as_the_command_answered_it()
    {
        var (path, answers) = await Lived();
        foreach (var (answer, version) in answers.Select((answer, i) => (answer, i + 1)))
        {
            var then = await monolith.Send("GET", $"{path}?version={version}");
            Assert.Equal((200, $"\"{version}\""), (then.Status, then.Header("ETag")));
            Assert.True(JsonElement.DeepEquals(answer.Content, then.Content), $"{answer.Body} was answered, {then.Body} is read.");
        }
    }

    [Fact]
    public async Task An_order_is_read_at_a_time_as_its_last_event_until_then_left_it()
    {
        var (path, answers) = await Lived();
        var times = answers.ConvertAll(answer => answer.Content.GetProperty("lastUpdated").GetDateTimeOffset());
        for (var i = 0; i < times.Count; i++)
        {
            var last = times.FindLastIndex(time => time <= times[i]) + 1;
            Assert.Equal(last, Version(await monolith.Send("GET", $"{path}?at={times[i]:yyyy-MM-ddTHH:mm:ss.ffffffZ}")));
            Assert.Equal(last, Version(await monolith.Send("GET", $"{path}?at={times[i].AddTicks(9):yyyy-MM-ddTHH:mm:ss.fffffffZ}")));
        }

        Assert.Equal("order-not-found", (await monolith.Send("GET", $"{path}?at={times[0].AddTicks(-1):yyyy-MM-ddTHH:mm:ss.fffffffZ}")).Code);
        Assert.Equal(times.Count, Version(await monolith.Send("GET", $"{path}?at=9999-12-31")));
    }

    [Theory]
    [InlineData("version=0", "validation-failed")]
    [InlineData("version=6", "order-not-found")]
    [InlineData("version=x", "validation-failed")]
    [InlineData("at=yesterday", "validation-failed")]
    [InlineData("version=1&at=2026-01-01", "validation-failed")]
    [InlineData("at=2000-01-01", "order-not-found")]
    public async Task What_never_was_is_not_made_up(string query, string code) => Assert.Equal(code, (await monolith.Send("GET", $"{(await Lived()).Path}?{query}")).Code);

    [Fact]
    public async Task The_audit_trail_tells_who_did_what_and_from_what()
    {
        var (path, _) = await Lived();
        var trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        await monolith.Send("POST", path + "/cancel", new { reason = "too late" }, ("traceparent", $"00-{trace}-00f067aa0ba902b7-01"), ("Idempotency-Key", "cancel-it"));

        var first = (await monolith.Send("GET", path + "/events?limit=4")).Content;
        Assert.Equal(["order_created", "item_added_v2", "item_added_v2", "item_removed_v2"], Items(first).Select(e => e.GetProperty("type").GetString()));
        Assert.Equal("""{"productId":"pot","quantity":2,"unitPrice":12.5,"description":"A pot"}""", Items(first)[1].GetProperty("data").GetRawText());
        Assert.All(Items(first), e => Assert.False(e.TryGetProperty("stored", out _)));

        var rest = (await monolith.Send("GET", $"{path}/events?limit=4&after={first.GetProperty("next").GetInt64()}")).Content;
        var cancelled = Items(rest)[^1];
        Assert.Equal((6, "order_cancelled", "anonymous", trace, "cancel-it"),
            (Items(rest).Count + 4, Text("type"), Text("actor"), Text("correlationId"), Text("causationId")));
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.True(Items(rest)[0].GetProperty("sequence").GetInt64() > Items(first)[^1].GetProperty("sequence").GetInt64());

        string? Text(string name) => cancelled.GetProperty(name).GetString();
    }

    [Fact]
    public async Task What_was_stored_otherwise_is_told_as_it_was_stored_too()
    {
        var old = Guid.NewGuid();
        var id = await new RawEvents(monolith).Lying(
            ("order_created", $$"""{"orderId":"{{old}}","customerId":"c1"}"""),
            ("item_added", $$"""{"orderId":"{{old}}","productId":"pot","quantity":2,"price":9.5}"""));

        var events = Items((await monolith.Send("GET", $"/v1/orders/{id}/events")).Content);
        Assert.False(events[0].TryGetProperty("stored", out _));
        Assert.Equal("""{"productId":"pot","quantity":2,"unitPrice":9.5}""", events[1].GetProperty("data").GetRawText());
        Assert.Equal("item_added_v2", events[1].GetProperty("type").GetString());
        Assert.Equal(("item_added", 9.5m), (events[1].GetProperty("stored").GetProperty("type").GetString(), events[1].GetProperty("stored").GetProperty("data").GetProperty("price").GetDecimal()));
    }

    [Fact]
    public async Task A_difference_is_told_as_a_whole_and_step_by_step()
    {
        var (path, _) = await Lived();
        var last = (await monolith.Send("GET", path + "/diff")).Content;
        Assert.Equal((4, 5, "order_confirmed"), (last.GetProperty("from").GetInt32(), last.GetProperty("to").GetInt32(), last.GetProperty("steps")[0].GetProperty("event").GetString()));
        Assert.Contains("""{"op":"replace","path":"/status","value":"Confirmed"}""", last.GetProperty("patch").GetRawText());

        var back = (await monolith.Send("GET", path + "/diff?from=5&to=0")).Content;
        Assert.Equal([5, 4, 3, 2, 1], back.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("version").GetInt32()));
        Assert.Equal("""[{"op":"replace","path":"","value":null}]""", back.GetProperty("patch").GetRawText());

        var none = (await monolith.Send("GET", path + "/diff?from=3&to=3")).Content;
        Assert.Equal("[][]", none.GetProperty("patch").GetRawText() + none.GetProperty("steps").GetRawText());
        Assert.Equal("order-not-found", (await monolith.Send("GET", path + "/diff?from=3&to=6")).Code);
    }

    [Fact]
    public async Task Of_a_large_order_few_versions_are_compared_at_once_and_quickly()
    {
        var items = Enumerable.Range(0, 5_000).Select(n => new { productId = $"p{n}", quantity = 1, unitPrice = 1 });
        var path = (await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items })).Header("Location")!;
        Assert.Equal(200, (await monolith.Send("GET", path + "/diff")).Status);
        Assert.Equal(20, (await monolith.Send("GET", path + "/diff?from=4981&to=5001")).Content.GetProperty("steps").GetArrayLength());
        Assert.Equal("validation-failed", (await monolith.Send("GET", path + "/diff?from=4980&to=5001")).Code);
    }

    [Fact]
    public async Task Another_customers_past_does_not_exist()
    {
        await using var guarded = await Monolith.Start(postgres, null, Tokens.Settings);
        var order = (await guarded.Send("POST", "/v1/orders", new { customerId = "c1" }, Tokens.For("shop", "orders:write"))).Header("Location");
        foreach (var path in new[] { "?version=1", "?at=9999-01-01", "/events", "/diff" })
        {
            Assert.Equal("order-not-found", (await guarded.Send("GET", order + path, null, Tokens.For("bob", "orders:read", ("customer_id", "c2")))).Code);
            Assert.Equal(200, (await guarded.Send("GET", order + path, null, Tokens.For("ann", "orders:read", ("customer_id", "c1")))).Status);
        }
    }

    static List<JsonElement> Items(JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];

    static int Version(Answer order) => order.Content.GetProperty("version").GetInt32();

    /// <summary>An order of five events, and what each command answered.</summary>
    async Task<(string Path, List<Answer> Answers)> Lived()
    {
        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        var path = created.Header("Location")!;
        return (path,
        [
            created,
            await monolith.Send("POST", path + "/items", new { productId = "pot", quantity = 2, unitPrice = 12.5m, description = "A pot" }),
            await monolith.Send("POST", path + "/items", new { productId = "cup", quantity = 6, unitPrice = 3 }),
            await monolith.Send("DELETE", path + "/items/cup?quantity=2"),
            await monolith.Send("POST", path + "/confirm"),
        ]);
    }
}
