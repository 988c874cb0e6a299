using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Whether the service is well, as it says of itself.</summary>
public sealed class HealthSpecs(Postgres postgres)
{
    [Fact]
    public async Task A_service_that_can_work_is_ready()
    {
        await using var monolith = await Monolith.Start(postgres);
        var ready = await monolith.Send("GET", "/health/ready");
        Assert.Equal((200, "Healthy"), (ready.Status, ready.Content.GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("alter table events.mt_streams rename to gone")]
    [InlineData("drop function events.mt_quick_append_events")]
    [InlineData("alter table views.mt_doc_order drop column mt_version")]
    public async Task Without_the_schema_of_this_version_it_is_not(string damage)
    {
        await using var monolith = await Monolith.Start(postgres);
        await using var source = NpgsqlDataSource.Create(monolith.ConnectionString);
        await using var command = source.CreateCommand(damage);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var ready = await monolith.Send("GET", "/health/ready");
        Assert.Equal((503, "Unhealthy"), (ready.Status, ready.Content.GetProperty("status").GetString()));
        Assert.Equal(200, (await monolith.Send("GET", "/health/live")).Status);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task It_is_asked_by_GET_and_HEAD_only(string path)
    {
        await using var monolith = await Monolith.Start(postgres);
        Assert.Equal(200, (await monolith.Send("HEAD", path)).Status);
        foreach (var method in new[] { "POST", "DELETE", "PUT" })
        {
            var refused = await monolith.Send(method, path);
            Assert.Equal((405, "method-not-allowed", "GET, HEAD, OPTIONS"), (refused.Status, refused.Code, refused.Header("Allow")));
        }

        var options = await monolith.Send("OPTIONS", path);
        Assert.Equal((204, "GET, HEAD, OPTIONS"), (options.Status, options.Header("Allow")));
    }
}
