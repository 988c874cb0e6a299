using OrderMonolith.Processes;
using static OrderMonolith.Specs.Carts;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

/// <summary>Orders that nobody touched for too long are cancelled, each once, and no other.</summary>
public sealed class AbandonedOrders(Postgres postgres)
{
    [Fact]
    public async Task Those_begun_before_it_was_switched_on_are_cancelled_too_and_no_others()
    {
        var database = await postgres.CreateDatabaseAsync("abandoned");
        Guid old, fresh, confirmed;
        await using (var before = await Monolith.Start(postgres, database))
            (old, fresh, confirmed) = (await before.Begun(90), await before.Begun(5), await before.Begun(90, Confirmed));

        await using var node = await Monolith.Start(postgres, database, AfterAnHour);
        await Eventually.That(async () => await node.Of(old) is ("Cancelled", 3));
        await Eventually.That(async () => await node.Waiting() is 1);

        var events = (await node.Send("GET", $"/v1/orders/{old}/events")).Content.GetProperty("items");
        var last = events[events.GetArrayLength() - 1];
        Assert.Equal("abandoned", last.GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal("system", last.GetProperty("actor").GetString());
        Assert.Equal(32, last.GetProperty("correlationId").GetString()!.Length);
        Assert.Equal(1, await node.Query<long>($"select count(*) from wolverine.wolverine_incoming_envelopes where id = '{last.GetProperty("causationId").GetString()}' and status = 'Handled'"));
        Assert.Equal(("Pending", 2), await node.Of(fresh));
        Assert.Equal(("Confirmed", 3), await node.Of(confirmed));
    }

    [Fact]
    public async Task One_that_was_touched_is_looked_at_again_when_it_may_have_been_abandoned_since()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = await node.Begun(30);
        await Eventually.That(async () => await node.Waiting() is 1);
        Assert.Equal(200, (await node.Send("DELETE", $"/v1/orders/{order}/items/tea")).Status);
        await node.MakeDue();

        await Eventually.That(async () => await node.Due() - DateTimeOffset.UtcNow > TimeSpan.FromMinutes(50));
        var touched = (await node.Send("GET", $"/v1/orders/{order}")).Content.GetProperty("lastUpdated").GetDateTimeOffset();
        Assert.Equal(touched.AddHours(1), await node.Due());
        Assert.Equal(("Pending", 3), await node.Of(order));
        Assert.Equal(1, await node.Waiting());
    }

    [Fact]
    public async Task One_that_was_decided_is_never_asked_for_again()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = await node.Begun(30);
        await Eventually.That(async () => await node.Waiting() is 1);
        Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{order}/confirm")).Status);
        await node.MakeDue();

        await Eventually.That(async () => await node.Waiting() is 0);
        Assert.Equal(("Confirmed", 3), await node.Of(order));
    }

    [Fact]
    public async Task While_it_is_off_nothing_is_watched_and_nobody_is_forgotten()
    {
        var database = await postgres.CreateDatabaseAsync("abandoned");
        Guid order, meanwhile;
        await using (var on = await Monolith.Start(postgres, database, AfterAnHour))
        {
            order = await on.Begun(30);
            await Eventually.That(async () => await on.Waiting() is 1);
        }

        await Execute(database, $"update views.mt_doc_order set data = jsonb_set(data, '{{lastUpdated}}', to_jsonb('{DateTime.UtcNow.AddDays(-2):O}'::text))");
        await using (var off = await Monolith.Start(postgres, database))
        {
            meanwhile = await off.Begun(90);
            await off.MakeDue();
            await Eventually.That(async () => await off.Due() - DateTimeOffset.UtcNow > Abandonment.Longest - TimeSpan.FromMinutes(5));
            Assert.Equal(("Pending", 2), await off.Of(order));
            Assert.Equal(1, await off.Waiting());
        }

        await using var again = await Monolith.Start(postgres, database, AfterAnHour);
        await again.MakeDue();
        await Eventually.That(async () => await again.Of(order) is ("Cancelled", 3) && await again.Of(meanwhile) is ("Cancelled", 3));
    }

    [Fact]
    public async Task Of_two_nodes_one_cancels()
    {
        var database = await postgres.CreateDatabaseAsync("abandoned");
        await using var one = await Monolith.Start(postgres, database, AfterAnHour);
        await using var other = await Monolith.Start(postgres, database, AfterAnHour);
        var orders = new List<Guid>();
        for (var i = 0; i < 40; i++) orders.Add(await one.Begun(90));

        await Eventually.That(async () => await one.Query<long>("select count(*) from events.mt_events where type = 'order_cancelled'") >= orders.Count);
        await Eventually.That(async () => await one.Waiting() is 0);
        foreach (var order in orders) Assert.Equal(("Cancelled", 3), await other.Of(order));
    }

    [Fact]
    public async Task A_watch_that_stopped_shows_in_the_health_of_the_service_and_in_nothing_else()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        await Execute(node.ConnectionString, "alter table wolverine.wolverine_incoming_envelopes add constraint stuck check (message_type <> 'abandon_order')");
        var order = await node.Begun(90);

        await Eventually.That(async () => (await node.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("views").ToString().Contains("abandonment", StringComparison.Ordinal));
        Assert.Equal(200, (await node.Send("GET", "/v1/orders")).Status);
        Assert.Equal(200, (await node.Send("GET", "/v1/work-list")).Status);

        await Execute(node.ConnectionString, "alter table wolverine.wolverine_incoming_envelopes drop constraint stuck");
        await Eventually.That(async () => await node.Of(order) is ("Cancelled", 3));
    }

    [Fact]
    public async Task A_rebuild_in_place_asks_for_nobody_twice()
    {
        var database = await postgres.CreateDatabaseAsync("abandoned");
        await using (var node = await Monolith.Start(postgres, database, AfterAnHour))
        {
            await node.Begun(5);
            await Eventually.That(async () => await node.Waiting() is 1);
        }

        var run = await BuiltProgram.Run(database, "projections", "rebuild", "--in-place", "--Orders:AbandonAfter=01:00:00");
        Assert.True(run.Code == 0, run.Out + run.Error);

        await using var after = await Monolith.Start(postgres, database, AfterAnHour);
        await after.Begun(5);
        await Eventually.That(async () => await after.Waiting() >= 2);
        Assert.Equal(2, await after.Waiting());
    }
}
