namespace OrderMonolith.Specs;

/// <summary>Who does not want the order back is spared it.</summary>
public sealed class PreferSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    const string Tea = """{"productId":"tea","quantity":2,"unitPrice":1}""";

    readonly Monolith monolith = one.Service;

    [Theory]
    [InlineData("return=minimal")]
    [InlineData("Return=Minimal")]
    [InlineData("respond-async, return=minimal")]
    [InlineData("return=minimal, return=representation")]
    public async Task Every_command_answers_without_a_body_to_who_prefers_it(string prefer)
    {
        var created = await Send("POST", "/v1/orders", """{"customerId":"c1"}""");
        var order = created.Header("Location")!;
        Assert.Equal((201, "\"1\""), (created.Status, created.Header("ETag")));
        Assert.Equal(200, (await monolith.Send("GET", order)).Status);

        var version = 2;
        foreach (var (method, path, body) in new (string, string, string?)[] { ("POST", "/items", Tea), ("DELETE", "/items/tea?quantity=1", null), ("POST", "/confirm", null), ("POST", "/cancel", null) })
        {
            var answer = await Send(method, order + path, body);
            Assert.Equal((204, $"\"{version++}\""), (answer.Status, answer.Header("ETag")));
        }

        async Task<Answer> Send(string method, string path, string? body)
        {
            var answer = await monolith.Send(method, path, body, ("Prefer", prefer));
            Assert.Equal(("return=minimal", "", null), (answer.Header("Preference-Applied"), answer.Body, answer.Header("Content-Type")));
            return answer;
        }
    }

    [Theory]
    [InlineData("return=representation")]
    [InlineData("return=representation, return=minimal")]
    [InlineData("return")]
    [InlineData("minimal")]
    [InlineData(";;")]
    public async Task All_others_get_the_order(string prefer)
    {
        var created = await monolith.Send("POST", "/v1/orders", """{"customerId":"c1"}""", ("Prefer", prefer));
        Assert.Equal((201, 1, null), (created.Status, created.Content.GetProperty("version").GetInt32(), created.Header("Preference-Applied")));
    }

    [Fact]
    public async Task A_problem_is_told_whatever_is_preferred() =>
        Assert.Equal("order-not-found", (await monolith.Send("POST", $"/v1/orders/{Guid.NewGuid()}/confirm", null, ("Prefer", "return=minimal"))).Code);
}
