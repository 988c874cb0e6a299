using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>A view that follows from behind and does not: it says so on its own routes and in the service's health, and nothing else suffers.</summary>
public sealed class LaggingViews(Postgres postgres)
{
    const string Stuck = "alter table views.mt_doc_order_summary add constraint stuck check (false) not valid";

    static readonly DateTimeOffset Noon = Specification.Noon;

    [Fact]
    public void A_view_that_moves_is_not_late_however_much_it_has_to_do()
    {
        var pace = ViewPace.First(0, 0, Noon);
        for (var second = 1; second < 100; second++) pace = pace.Then(second, 1_000_000, Noon.AddSeconds(second));
        Assert.False(pace.IsLate(Noon.AddSeconds(100)));
    }

    [Fact]
    public void A_view_that_has_work_and_does_not_move_is_late_after_a_while()
    {
        var pace = ViewPace.First(7, 7, Noon).Then(7, 7, Noon.AddHours(1)).Then(7, 8, Noon.AddHours(1).AddSeconds(1));
        Assert.False(pace.IsLate(Noon.AddHours(1).AddSeconds(1)));
        var stopped = pace.Then(7, 9, Noon.AddHours(1).AddSeconds(12));
        Assert.True(stopped.IsLate(Noon.AddHours(1).AddSeconds(12)));
        Assert.False(stopped.Then(8, 9, Noon.AddHours(1).AddSeconds(13)).IsLate(Noon.AddHours(1).AddSeconds(13)));
    }

    [Fact]
    public void A_view_is_late_until_it_holds_what_there_was_at_the_start()
    {
        var pace = ViewPace.First(3, 5, Noon);
        Assert.True(pace.IsLate(Noon));
        Assert.True(pace.Then(4, 6, Noon.AddSeconds(1)).IsLate(Noon.AddSeconds(1)));
        Assert.False(pace.Then(5, 7, Noon.AddSeconds(2)).IsLate(Noon.AddSeconds(2)));
    }

    [Fact]
    public async Task What_it_lacks_since_before_the_start_is_said_until_it_has_caught_up()
    {
        var database = await postgres.CreateDatabaseAsync("lag");
        var order = await Behind(database);
        await Execute(database, Stuck);
        await using (var node = await Start(database))
        {
            await IsBehind(node, order);
            await Execute(database, "alter table views.mt_doc_order_summary drop constraint stuck");
        }

        await using var next = await Start(database);
        await Eventually.That(async () => (await next.Send("GET", order + "/summary")).Status is 200);
        Assert.Equal(200, (await next.Send("GET", "/v1/orders")).Status);
        Assert.Equal("Healthy", (await Health(next)).Status);
    }

    [Fact]
    public async Task Who_has_a_token_waits_until_it_has_caught_up()
    {
        var database = await postgres.CreateDatabaseAsync("lag");
        (string, string) token;
        await using (var node = await Start(database))
        {
            await Execute(database, Stuck);
            token = ("Consistency-Token", (await node.Send("POST", "/v1/orders", new { customerId = "ada" })).Header("Consistency-Token")!);
        }

        await using var next = await Start(database);
        Assert.Equal("projection-behind", (await next.Send("GET", "/v1/orders")).Code);
        var waiting = next.Send("GET", "/v1/orders", null, token, ("Prefer", "wait=30"));
        await Execute(database, "alter table views.mt_doc_order_summary drop constraint stuck");
        var answer = await waiting;
        Assert.Equal((200, 1), (answer.Status, answer.Content.GetProperty("items").GetArrayLength()));
    }

    [Fact]
    public async Task A_token_is_no_way_round_a_view_that_lacks_other_orders()
    {
        var database = await postgres.CreateDatabaseAsync("lag");
        await using var node = await Start(database);
        var token = ("Consistency-Token", (await node.Send("POST", "/v1/orders", new { customerId = "ada" })).Header("Consistency-Token")!);
        await Eventually.That(async () => (await node.Send("GET", "/v1/orders", null, token)).Status is 200);
        await Execute(database, Stuck);
        await node.Send("POST", "/v1/orders", new { customerId = "ada" });
        await Eventually.That(async () => (await Health(node)).Status is "Degraded");
        Assert.Equal("projection-behind", (await node.Send("GET", "/v1/orders", null, token, ("Prefer", "wait=0"))).Code);
    }

    [Fact]
    public async Task One_that_stops_while_it_is_served_is_noticed_and_an_order_that_exists_is_never_404()
    {
        var database = await postgres.CreateDatabaseAsync("lag");
        await using var node = await Start(database);
        await Execute(database, Stuck);
        var order = (await node.Send("POST", "/v1/orders", new { customerId = "ada" })).Header("Location")!;

        var early = await node.Send("GET", order + "/summary");
        Assert.Equal((503, "projection-behind", "1"), (early.Status, early.Code, early.Header("Retry-After")));
        Assert.Equal(200, (await node.Send("GET", "/v1/orders")).Status);
        Assert.Equal("order-not-found", (await node.Send("GET", $"/v1/orders/{Guid.NewGuid()}/summary")).Code);

        await Eventually.That(async () => (await Health(node)).Status is "Degraded");
        await IsBehind(node, order);
    }

    [Fact]
    public async Task What_happened_long_ago_and_is_told_now_is_no_lag()
    {
        await using var node = await Start(await postgres.CreateDatabaseAsync("lag"));
        var store = node.Services.GetRequiredService<IDocumentStore>();
        for (var n = 0; n < 20; n++)
        {
            await Past(store, Guid.NewGuid());
            Assert.Equal("Healthy", (await Health(node)).Status);
        }
    }

    static async Task IsBehind(Monolith node, string order)
    {
        foreach (var path in new[] { order + "/summary", "/v1/orders", $"/v1/orders/{Guid.NewGuid()}/summary" })
        {
            var answer = await node.Send("GET", path);
            Assert.Equal((503, "projection-behind", "1"), (answer.Status, answer.Code, answer.Header("Retry-After")));
        }

        Assert.Equal(200, (await node.Send("GET", order)).Status);
        var (status, views) = await Health(node);
        Assert.Equal("Degraded", status);
        Assert.Contains("order_summaries", views, StringComparison.Ordinal);
    }

    static async Task<(string? Status, string Views)> Health(Monolith node)
    {
        var ready = await node.Send("GET", "/health/ready");
        Assert.Equal(200, ready.Status);
        return (ready.Content.GetProperty("status").GetString(), ready.Content.GetProperty("checks").GetProperty("views").GetRawText());
    }

    /// <summary>An order whose summary nobody has made yet.</summary>
    static async Task<string> Behind(string database)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        using var store = LegacyShop.StoreOn(source, ProjectionLifecycle.Async);
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        var id = Guid.NewGuid();
        await Past(store, id);
        return $"/v1/orders/{id}";
    }

    static async Task Past(IDocumentStore store, Guid id) =>
        await new PastOrders(store, "spec", "0").Store([new(id, $"{id}", [new(new OrderCreated("ada"), DateTimeOffset.UnixEpoch)])]);

    Task<Monolith> Start(string database) => Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", "Async"));

    static async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

}
