namespace OrderMonolith.Specs;

/// <summary>A command that names the version it was decided on is applied to no other.</summary>
public sealed class IfMatchSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    [Theory]
    [InlineData("\"4\"")]
    [InlineData("*")]
    [InlineData("\"3\", \"4\"")]
    [InlineData("W/\"4\", \"4\"")]
    [InlineData("\"nonsense\",\"4\"")]
    public async Task A_tag_of_the_version_matches(string ifMatch)
    {
        var changed = await Cancel(await AtVersion4(), ifMatch);
        Assert.Equal((200, "\"5\""), (changed.Status, changed.Header("ETag")));
    }

    [Theory]
    [InlineData("\"3\"")]
    [InlineData("\"5\"")]
    [InlineData("\"04\"")]
    [InlineData("\"+4\"")]
    [InlineData("\" 4\"")]
    [InlineData("\"\"")]
    [InlineData("W/\"4\"")]
    [InlineData("\"1\", \"2\"")]
    [InlineData("\"99999999999999999999\"")]
    public async Task No_other_tag_does_and_the_weak_one_never(string ifMatch)
    {
        var order = await AtVersion4();
        var refused = await Cancel(order, ifMatch);
        Assert.Equal((412, "version-conflict", 4), (refused.Status, refused.Code, refused.Content.GetProperty("currentVersion").GetInt32()));
        Assert.Equal("\"4\"", (await monolith.Send("GET", order)).Header("ETag"));
    }

    [Theory]
    [InlineData("4")]
    [InlineData("\"4")]
    [InlineData("\"4\" \"5\"")]
    [InlineData("nonsense")]
    public async Task What_is_no_tag_is_told_so(string ifMatch) => Assert.Equal("validation-failed", (await Cancel(await AtVersion4(), ifMatch)).Code);

    [Fact]
    public async Task A_stale_tag_is_told_also_where_nothing_would_change()
    {
        var order = await AtVersion4();
        Assert.Equal("version-conflict", (await monolith.Send("POST", $"{order}/confirm", null, ("If-Match", "\"3\""))).Code);
        var same = await monolith.Send("POST", $"{order}/confirm", null, ("If-Match", "\"4\""));
        Assert.Equal((200, "\"4\""), (same.Status, same.Header("ETag")));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("\"1\"")]
    public async Task An_order_that_is_not_there_is_not_found_whatever_matches(string ifMatch) =>
        Assert.Equal("order-not-found", (await Cancel($"/v1/orders/{Guid.NewGuid()}", ifMatch)).Code);

    [Theory]
    [InlineData("*")]
    [InlineData("\"1\"")]
    [InlineData("nonsense")]
    public async Task A_new_order_has_no_version_to_match(string ifMatch)
    {
        var id = Guid.NewGuid();
        Assert.Equal("validation-failed", (await monolith.Send("POST", "/v1/orders", new { orderId = id, customerId = "c1" }, ("If-Match", ifMatch))).Code);
        Assert.Equal("order-not-found", (await monolith.Send("GET", $"/v1/orders/{id}")).Code);
    }

    Task<Answer> Cancel(string order, string ifMatch) => monolith.Send("POST", $"{order}/cancel", null, ("If-Match", ifMatch));

    /// <summary>A confirmed order of four events.</summary>
    async Task<string> AtVersion4()
    {
        var items = "tea jam".Split(' ').Select(product => new { productId = product, quantity = 1, unitPrice = 1 });
        return (await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items, confirm = true })).Header("Location")!;
    }
}
