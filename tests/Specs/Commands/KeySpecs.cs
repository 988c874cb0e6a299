using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Commands;
using OrderMonolith.Orders;
using OrderMonolith.Storage;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>A command with an Idempotency-Key has its effect once, and is answered the same however often it comes.</summary>
public sealed class KeySpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;
    readonly Batches batches = new(one.Service);

    static readonly object Pot = new { productId = "pot", quantity = 1, unitPrice = 12.5m };

    static string NewKey() => Guid.NewGuid().ToString();

    [Fact]
    public async Task A_repeat_is_answered_as_the_first_time_and_does_nothing()
    {
        var (order, key) = (await NewOrder(), NewKey());
        var first = await Send("POST", order + "/items", Pot, key);
        await Send("POST", order + "/items", Pot, NewKey());
        var again = await Send("POST", order + "/items", Pot, key);

        Assert.Equal((200, first.Body, "\"2\"", null), (first.Status, first.Body, first.Header("ETag"), first.Header("Idempotent-Replayed")));
        Assert.Equal((200, first.Body, "\"2\"", "true"), (again.Status, again.Body, again.Header("ETag"), again.Header("Idempotent-Replayed")));
        Assert.Equal(first.Header("Consistency-Token"), again.Header("Consistency-Token"));
        Assert.Equal(3, (await monolith.Send("GET", order)).Content.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_repeat_of_what_changed_nothing_names_the_same_place_in_history()
    {
        var (order, key) = (await NewOrder(), NewKey());
        var cancelled = await monolith.Send("POST", order + "/cancel");
        var elsewhere = await monolith.Send("POST", await NewOrder() + "/items", Pot);
        var first = await Send("POST", order + "/cancel", null, key);
        await NewOrder();
        var again = await Send("POST", order + "/cancel", null, key);

        Assert.Equal(first.Header("Consistency-Token"), again.Header("Consistency-Token"));
        Assert.True(Position(first) >= Position(elsewhere) && Position(elsewhere) > Position(cancelled));
        Assert.Equal(cancelled.Body, first.Body);
    }

    static long Position(Answer answer) => ConsistencyToken.TryParse(answer.Header("Consistency-Token"), out var token) ? token.Position : -1;

    [Fact]
    public async Task A_create_is_repeated_with_the_id_that_it_was_given()
    {
        var key = NewKey();
        var (first, again) = (await Send("POST", "/v1/orders", new { customerId = "c1" }, key), await Send("POST", "/v1/orders", new { customerId = "c1" }, key));
        Assert.Equal((201, first.Header("Location"), first.Body), (again.Status, again.Header("Location"), again.Body));
    }

    [Fact]
    public async Task A_repeat_has_no_body_where_the_first_had_none()
    {
        var key = NewKey();
        var first = await Send("POST", "/v1/orders", new { customerId = "c1" }, key, ("Prefer", "return=minimal"));
        var again = await Send("POST", "/v1/orders", new { customerId = "c1" }, key);
        Assert.Equal((201, first.Header("Location"), first.Header("ETag"), ""), (again.Status, again.Header("Location"), again.Header("ETag"), again.Body));
    }

    [Fact]
    public async Task A_refusal_by_the_rules_stays_one()
    {
        var (order, key, gone) = (await NewOrder(), NewKey(), NewKey());
        var refused = await Send("POST", order + "/confirm", null, key);
        var missing = await Send("DELETE", order + "/items/pot", null, gone);
        Assert.Equal(("order-is-empty", "item-not-in-order"), (refused.Code, missing.Code));

        await Send("POST", order + "/items", Pot, NewKey());
        var again = await Send("POST", order + "/confirm", null, key);
        Assert.Equal(("order-is-empty", 1, "true"), (again.Code, again.Content.GetProperty("currentVersion").GetInt32(), again.Header("Idempotent-Replayed")));
        Assert.Equal("item-not-in-order", (await Send("DELETE", order + "/items/pot", null, gone)).Code);
    }

    [Fact]
    public async Task What_the_rules_never_saw_is_decided_when_it_comes_again()
    {
        var (id, order, key, stale, wrong) = (Guid.NewGuid(), await NewOrder(), NewKey(), NewKey(), NewKey());
        Assert.Equal("order-not-found", (await Send("POST", $"/v1/orders/{id}/items", Pot, key)).Code);
        await monolith.Send("POST", "/v1/orders", new { orderId = id, customerId = "c1" });
        Assert.Equal(200, (await Send("POST", $"/v1/orders/{id}/items", Pot, key)).Status);

        Assert.Equal("version-conflict", (await Send("POST", order + "/items", Pot, stale, ("If-Match", "\"2\""))).Code);
        Assert.Equal(200, (await Send("POST", order + "/items", Pot, stale, ("If-Match", "\"1\""))).Status);

        Assert.Equal("validation-failed", (await Send("POST", order + "/items", new { productId = "pot" }, wrong)).Code);
        Assert.Equal(200, (await Send("POST", order + "/items", Pot, wrong)).Status);
    }

    [Fact]
    public async Task A_key_is_for_one_request_only()
    {
        var (order, other, key) = (await NewOrder(), await NewOrder(), NewKey());
        await Send("DELETE", order + "/items/pot", null, key);
        foreach (var (method, path, body) in new (string, string, object?)[]
        {
            ("DELETE", order + "/items/pot?quantity=1", null), ("DELETE", other + "/items/pot", null), ("POST", order + "/items", Pot), ("POST", order + "/cancel", "{}"),
        })
            Assert.Equal("idempotency-key-reused", (await Send(method, path, body, key)).Code);
        Assert.Equal(1, (await monolith.Send("GET", order)).Content.GetProperty("version").GetInt32());
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("ümlaut")]
    [InlineData("a", "b")]
    [InlineData("{256}")]
    public async Task A_key_is_one_visible_word(params string[] keys)
    {
        var sent = keys.Select(key => ("Idempotency-Key", key == "{256}" ? new string('k', 256) : key)).ToArray();
        var answer = await monolith.Send("POST", await NewOrder() + "/cancel", null, sent);
        Assert.Equal(("validation-failed", true), (answer.Code, answer.Content.GetProperty("errors").TryGetProperty("Idempotency-Key", out _)));
    }

    [Fact]
    public async Task Twenty_at_once_are_one()
    {
        var (order, key) = (await NewOrder(), NewKey());
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Send("POST", order + "/items", Pot, key)));
        Assert.Single(answers.Select(answer => (answer.Status, answer.Body, answer.Header("ETag"))).Distinct());
        Assert.Equal(19, answers.Count(answer => answer.Header("Idempotent-Replayed") == "true"));
        Assert.Equal(2, (await batches.Facts(Guid.Parse(order.Split('/')[^1]))).Count);
    }

    [Fact]
    public async Task Two_nodes_that_get_the_same_do_it_once()
    {
        var nodes = new[] { batches.Runner, await batches.AnotherNode() };
        for (var round = 0; round < 30; round++)
        {
            var (id, key) = (await batches.NewOrder(), new CommandKey(NewKey(), "the request", Minimal: false));
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => nodes[i % 2].Run(On(id, Tea) with { Key = key })));
            Assert.Equal(3, outcomes.Single(outcome => outcome.Repeated is null).Order?.Version);
            Assert.All(outcomes.Where(outcome => outcome.Repeated is not null), outcome => Assert.Equal(3, outcome.Repeated!.Version));
            Assert.Equal(3, (await batches.Facts(id)).Count);
        }

        await nodes[1].StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_waits_too_long_for_the_first_is_told_so()
    {
        var (id, key) = (await batches.NewOrder(), new CommandKey(NewKey(), "the request", Minimal: false));
        var node = await batches.AnotherNode(new Impatient());
        var (first, repeat) = await batches.WhileBusy(node, () => (node.Run(On(id, Tea) with { Key = key }), node.Run(On(id, Tea) with { Key = key }).GetAwaiter().GetResult()));
        Assert.Equal(("idempotency-key-in-use", 3L), (repeat.Rejection?.Code, (await first).Order?.Version));
        await node.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_key_is_stored_with_its_events_or_not_at_all()
    {
        var (id, key) = (await batches.NewOrder(), new CommandKey(NewKey(), "the request", Minimal: false));
        await Assert.ThrowsAnyAsync<Exception>(() => batches.Runner.Run(On(id, new Deciding(_ => new ItemAdded("a\0b", 1, 1))) with { Key = key }));
        Assert.Equal(3, (await batches.Runner.Run(On(id, Tea) with { Key = key })).Order?.Version);
        Assert.Equal(1L, await monolith.Query<long>($"""
            select count(distinct x) from (select xmin::text x from views.mt_doc_command_outcome where id = '{key.Id}'
            union all select xmin::text from events.mt_events where stream_id = '{id}' and version = 3) stored
            """));
    }

    [Fact]
    public async Task Keys_are_forgotten_after_a_day_and_not_before()
    {
        var (old, young, order) = (NewKey(), NewKey(), await NewOrder());
        await Send("POST", order + "/items", Pot, old);
        await Send("POST", order + "/items", Pot, young);
        var age = $"with aged as (update views.mt_doc_command_outcome set at = at - interval '{{0}}' where (data->>'version')::int = {{1}} and data->>'orderId' = '{order.Split('/')[^1]}' returning 1) select count(*) from aged";
        Assert.Equal(1L, await monolith.Query<long>(string.Format(null, age, "24 hours 1 second", 2)));
        Assert.Equal(1L, await monolith.Query<long>(string.Format(null, age, "23 hours 59 minutes", 3)));

        await ActivatorUtilities.CreateInstance<KeyRetention>(monolith.Services).Purge(TestContext.Current.CancellationToken);
        Assert.Null((await Send("POST", order + "/items", Pot, old)).Header("Idempotent-Replayed"));
        Assert.Equal("true", (await Send("POST", order + "/items", Pot, young)).Header("Idempotent-Replayed"));
    }

    async Task<string> NewOrder() => (await monolith.Send("POST", "/v1/orders", new { customerId = "c1" })).Header("Location")!;

    Task<Answer> Send(string method, string path, object? body, string key, params (string, string)[] headers) =>
        monolith.Send(method, path, body, [.. headers, ("Idempotency-Key", key)]);

    /// <summary>A clock by which every wait is over at once.</summary>
    sealed class Impatient : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}
