using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>One order, read as it lies in the database.</summary>
public sealed class GetOrderSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith service = one.Service;

    [Fact]
    public async Task An_order_is_what_the_command_answered_and_what_lies_in_the_database()
    {
        var (path, command) = await Ordered();
        var order = await service.Send("GET", path);

        Assert.Equal((200, "\"4\"", "application/json"), (order.Status, order.Header("ETag"), order.Header("Content-Type")));
        Assert.True(JsonElement.DeepEquals(command.Content, order.Content), $"{command.Body} was answered, {order.Body} is read.");
        Assert.Equal(await service.Query<string>($"select data::text from views.mt_doc_order where id = '{path.Split('/')[^1]}'"), order.Body);
    }

    [Fact]
    public async Task A_summary_says_what_the_order_says_and_shows_no_products()
    {
        var (path, order) = await Ordered();
        var summary = await service.Send("GET", path + "/summary");

        Assert.Equal((200, "\"4\""), (summary.Status, summary.Header("ETag")));
        Assert.Equal(
            ["createdAt", "currency", "customerId", "itemCount", "lastUpdated", "orderId", "status", "totalAmount", "version"],
            summary.Content.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        foreach (var member in summary.Content.EnumerateObject())
            Assert.Equal(order.Content.GetProperty(member.Name is "orderId" ? "id" : member.Name).GetRawText(), member.Value.GetRawText());
    }

    [Theory]
    [InlineData("\"4\"", 304)]
    [InlineData("W/\"4\"", 304)]
    [InlineData("\"1\", W/\"2\" , \"4\"", 304)]
    [InlineData("*", 304)]
    [InlineData("\"3\"", 200)]
    [InlineData("\"04\"", 200)]
    [InlineData("\"1\", \"2\"", 200)]
    [InlineData("4", 200)]
    [InlineData("\"4", 200)]
    public async Task What_the_caller_has_already_is_not_sent_again(string ifNoneMatch, int status)
    {
        var (path, _) = await Ordered();
        foreach (var read in new[] { path, path + "/summary" })
        {
            var answer = await service.Send("GET", read, headers: ("If-None-Match", ifNoneMatch));
            Assert.Equal((status, "\"4\"", status is 200), (answer.Status, answer.Header("ETag"), answer.Body.Length > 0));
        }
    }

    [Theory]
    [InlineData("0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c%27--")]
    [InlineData("%F0%9F%8D%B5")]
    [InlineData("%FF")]
    public async Task There_is_no_such_order(string id)
    {
        foreach (var path in new[] { $"/v1/orders/{id}", $"/v1/orders/{id}/summary" })
        {
            var answer = await service.Send("GET", path);
            Assert.Equal((404, "order-not-found"), (answer.Status, answer.Code));
            Assert.Null(answer.Header("ETag"));
        }
    }

    [Fact]
    public async Task A_parameter_that_is_not_known_is_refused_by_name()
    {
        var (path, _) = await Ordered();
        foreach (var read in new[] { path, path + "/summary", "/v1/orders/1" })
        {
            var answer = await service.Send("GET", read + "?verbose=1");
            Assert.Equal((400, "validation-failed", "verbose"), (answer.Status, answer.Code, answer.Content.GetProperty("errors").EnumerateObject().Single().Name));
        }
    }

    /// <summary>A confirmed order with two lines, and the last command's answer.</summary>
    async Task<(string Path, Answer Command)> Ordered()
    {
        var created = await service.Send("POST", "/v1/orders", new
        {
            customerId = "ada",
            items = new object[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m, description = "Grüner \"Tee\" 🍵" }, new { productId = "cup", quantity = 1, unitPrice = 0.0001m } },
        });
        var path = created.Header("Location")!;
        return (path, await service.Send("POST", path + "/confirm"));
    }
}
