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

    [Fact]
    public async Task A_view_that_lags_for_long_degrades_it_only()
    {
        await using var monolith = await Monolith.Start(postgres, null, ("OrderSummaries:Lifecycle", "Async"));
        await using var source = NpgsqlDataSource.Create(monolith.ConnectionString);

        // The view cannot take the event, so its shard stops; and the event is already old.
        await using var stuck = source.CreateCommand("alter table views.mt_doc_order_summary add constraint stuck check (false)");
        await stuck.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        await using var aged = source.CreateCommand("update events.mt_events set timestamp = timestamp - interval '1 minute'");
        await aged.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var ready = await monolith.Send("GET", "/health/ready");
        Assert.Equal((200, "Degraded"), (ready.Status, ready.Content.GetProperty("status").GetString()));
        Assert.Contains("order_summaries", ready.Content.GetProperty("checks").GetProperty("views").GetProperty("description").GetString());
    }
}
