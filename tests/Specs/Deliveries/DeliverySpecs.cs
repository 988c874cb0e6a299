using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Deliveries;

namespace OrderMonolith.Specs;

/// <summary>Every event arrives wherever it has to, those of an order in order, whatever goes wrong there.</summary>
public sealed class DeliverySpecs(Postgres postgres)
{
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Every_event_arrives_once_and_those_of_an_order_in_order()
    {
        var targets = new MemoryTargets();
        await using var service = await targets.Start(postgres, null, "warehouse", "crm");
        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Checkout(service, items: 3)));

        await Eventually.That(() => Task.FromResult(targets.Arrived.Count >= 200));

        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries") == 0);
        foreach (var target in (string[])["warehouse", "crm"])
            foreach (var order in orders)
                Assert.Equal([1, 2, 3, 4, 5], targets.At(target).Where(e => e.OrderId == order).Select(e => e.Version));
    }

    [Fact]
    public async Task An_order_that_fails_waits_alone_and_goes_on_in_order()
    {
        var (targets, broken) = (new MemoryTargets(), Guid.CreateVersion7());
        var fails = true;
        targets.Answer = (e, _) => fails && e.OrderId == broken && e.Version == 2 ? new Attempt.Failed("no", Soon) : new Attempt.Delivered();
        await using var service = await targets.Start(postgres, null, "warehouse");

        await Checkout(service, items: 1, broken);
        var other = await Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(targets.Of(other).Count == 3));
        await Eventually.That(async () => await service.Query<int>("select coalesce(max(attempts), 0) from outward.deliveries") > 2);
        Assert.Equal([1], targets.Of(broken));

        fails = false;
        await Eventually.That(() => Task.FromResult(targets.Of(broken).Count == 3));
        Assert.Equal([1, 2, 3], targets.Of(broken));
    }

    [Fact]
    public async Task An_order_that_hangs_holds_up_no_other()
    {
        var (targets, hanging, hangs) = (new MemoryTargets(), Guid.CreateVersion7(), new TaskCompletionSource());
        targets.Before = e => e.OrderId == hanging ? hangs.Task : Task.CompletedTask;
        await using var service = await targets.Start(postgres, null, "warehouse");

        await Checkout(service, items: 1, hanging);
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries where claimed_until is not null") == 1);
        var others = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Checkout(service, items: 1)));
        await Eventually.That(() => Task.FromResult(others.All(order => targets.Of(order).Count == 3)));

        Assert.Empty(targets.Of(hanging));
        hangs.SetResult();
        await Eventually.That(() => Task.FromResult(targets.Of(hanging).Count == 3));
    }

    [Theory]
    [InlineData(true, new long[] { 1, 2, 3 })]
    [InlineData(false, new long[] { 1, 3 })]
    public async Task What_is_given_up_waits_until_somebody_has_it_tried_again_or_leaves_it_out(bool again, long[] arrived)
    {
        var (targets, broken, fails) = (new MemoryTargets(), Guid.CreateVersion7(), true);
        targets.Answer = (e, number) => fails && e.OrderId == broken && e.Version == 2 ? new Attempt.Failed($"no {number}", number < 3 ? Soon : null) : new Attempt.Delivered();
        await using var service = await targets.Start(postgres, null, "warehouse");
        var store = service.Services.GetRequiredService<IDocumentStore>();
        await Checkout(service, items: 1, broken);

        await Eventually.That(async () => (await GivenUps(store)).Count == 1);
        var letter = (await GivenUps(store))[0];
        Assert.Equal(("warehouse", broken, 2, "order.item-added.v1", 3, "no 3", 1), (letter.Target, letter.OrderId, letter.Version, letter.Type, letter.Attempts, letter.Why, letter.Behind));
        Assert.Equal([1], targets.Of(broken));

        fails = false;
        await using var session = store.LightweightSession();
        if (again) letter.Retry(session);
        else letter.Discard(session);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        await Eventually.That(() => Task.FromResult(targets.Of(broken).Count == arrived.Length));
        Assert.Equal(arrived, targets.Of(broken));
        Assert.Empty(await GivenUps(store));
    }

    [Fact]
    public async Task What_was_given_up_is_not_passed_by_an_earlier_event_that_is_asked_for_once_more()
    {
        var (targets, broken) = (new MemoryTargets(), Guid.CreateVersion7());
        targets.Answer = (e, _) => e is { Version: 2 } && e.OrderId == broken ? new Attempt.Failed("no", null) : new Attempt.Delivered();
        await using var service = await targets.Start(postgres, null, "warehouse");
        var store = service.Services.GetRequiredService<IDocumentStore>();
        await Checkout(service, items: 2, broken);
        await Eventually.That(async () => (await GivenUps(store)).Count == 1);

        await Save(store, session => session.Redeliver("warehouse", broken, 1));
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries where version = 1") == 0);

        Assert.Equal([1, 1], targets.Of(broken));
        Assert.Equal(2, (await GivenUps(store))[0].Behind);
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_costs_no_delivery_an_attempt()
    {
        var (targets, there) = (new MemoryTargets(), false);
        targets.Answer = (_, _) => there ? new Attempt.Delivered() : new Attempt.Unreachable("nobody answers", Soon);
        await using var service = await targets.Start(postgres, null, "warehouse");
        var order = await Checkout(service, items: 1);
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries") == 3);

        there = true;
        await Eventually.That(() => Task.FromResult(targets.Of(order).Count == 3));
        Assert.Equal([1, 2, 3], targets.Of(order));
    }

    [Fact]
    public async Task What_waits_behind_a_parked_event_is_looked_at_again_only_when_that_is_due()
    {
        var (targets, broken, tries) = (new MemoryTargets(), Guid.CreateVersion7(), 0);
        targets.Answer = (e, _) =>
        {
            if (e.OrderId != broken) return new Attempt.Delivered();
            tries++;
            return new Attempt.Failed("no", TimeSpan.FromDays(1));
        };
        await using var service = await targets.Start(postgres, null, "warehouse");
        await Checkout(service, items: 10, broken);
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries where due > now() + interval '23 hours'") == 12);
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task Nodes_share_the_work_and_keep_the_order()
    {
        var (one, other) = (new MemoryTargets(), new MemoryTargets());
        one.Before = other.Before = _ => Task.Delay(5, TestContext.Current.CancellationToken);
        await using var service = await one.Start(postgres, null, "warehouse");
        await using var second = await other.Start(postgres, service.ConnectionString);
        var orders = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Checkout(service, items: 4)));

        await Eventually.That(() => Task.FromResult(one.Arrived.Count + other.Arrived.Count >= 60 * 6));

        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries") == 0);
        Assert.True(one.Arrived.Count > 0 && other.Arrived.Count > 0, $"{one.Arrived.Count} and {other.Arrived.Count}");
        foreach (var order in orders)
            Assert.Equal([1, 2, 3, 4, 5, 6], one.Of(order).Concat(other.Of(order)).Order());
        foreach (var order in orders)
            Assert.True(one.Of(order).SequenceEqual(one.Of(order).Order()) && other.Of(order).SequenceEqual(other.Of(order).Order()));
    }

    [Fact]
    public async Task What_a_node_had_claimed_when_it_died_goes_on_elsewhere()
    {
        var targets = new MemoryTargets { Answer = (_, _) => new Attempt.Unreachable("not yet", Soon) };
        await using var service = await targets.Start(postgres, null, "warehouse");
        var order = await Checkout(service, items: 1);
        var waiting = service.Services.GetRequiredService<WaitingDeliveries>();
        List<Claim> claims = [];
        await Eventually.That(async () => (claims = await waiting.Take("warehouse", 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken)).Count == 1);
        targets.Answer = (_, _) => new Attempt.Delivered();

        Assert.Equal([1, 2, 3], claims[0].Deliveries.Select(delivery => delivery.Version));
        Assert.Empty(await waiting.Take("warehouse", 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
        await Eventually.That(() => Task.FromResult(targets.Of(order).Count == 3));
    }

    [Fact]
    public async Task What_has_arrived_is_not_sent_again_because_the_database_was_away_meanwhile()
    {
        var (targets, arriving) = (new MemoryTargets(), new TaskCompletionSource());
        targets.Before = _ => arriving.Task;
        await using var service = await targets.Start(postgres, null, "warehouse");
        var orders = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Checkout(service, items: 1)));
        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries where claimed_until is not null") == 5);

        await using var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(service.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        var database = new NpgsqlConnectionStringBuilder(service.ConnectionString).Database;
        await Tell($"alter database {database} allow_connections false");
        await Tell($"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{database}'");
        arriving.SetResult();
        await Eventually.That(() => Task.FromResult(targets.Arrived.Count == 15));
        await Tell($"alter database {database} allow_connections true");

        await Eventually.That(async () => await service.Query<long>("select count(*) from outward.deliveries") == 0);
        foreach (var order in orders) Assert.Equal([1, 2, 3], targets.Of(order));

        async Task Tell(string sql)
        {
            await using var command = server.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_holds_up_its_own_order_alone()
    {
        var targets = new MemoryTargets { Answer = (_, _) => new Attempt.Unreachable("not yet", Soon) };
        await using var service = await targets.Start(postgres, null, "warehouse");
        var broken = await Checkout(service, items: 1);
        await Carts.Execute(service.ConnectionString, $"update events.mt_events set data = '{{}}' where stream_id = '{broken}' and version = 2");
        targets.Answer = (_, _) => new Attempt.Delivered();

        var other = await Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(targets.Of(other).Count == 3));
        await Eventually.That(async () => await service.Query<long>($"select count(*) from outward.deliveries where order_id = '{broken}' and version = 2 and why like 'This node cannot read%'") == 1);
        Assert.Equal([1], targets.Of(broken));
    }

    [Fact]
    public async Task Nothing_goes_out_behind_an_event_whose_name_nobody_here_knows_and_health_says_so()
    {
        var targets = new MemoryTargets();
        await using var service = await targets.Start(postgres, null, "warehouse");
        await Carts.Execute(service.ConnectionString, "update outward.published set position = 1000000");
        var order = await Checkout(service, items: 1);
        await service.CaughtUp();
        await Carts.Execute(service.ConnectionString, $"update events.mt_events set type = 'item_added_v9' where stream_id = '{order}' and version = 2");
        await Carts.Execute(service.ConnectionString, "update outward.published set position = 0");

        await Eventually.That(() => Task.FromResult(targets.Arrived.Count == 1));
        await Eventually.That(async () => (await service.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("outward") is var health
            && health.GetProperty("status").GetString() == "Degraded" && health.GetProperty("description").GetString() == "What goes out has stopped before event 2: this version knows no events called 'item_added_v9'.");
    }

    [Fact]
    public async Task The_last_word_of_a_node_that_was_too_slow_does_not_count()
    {
        var targets = new MemoryTargets { Answer = (_, _) => new Attempt.Unreachable("never", TimeSpan.FromDays(1)) };
        await using var service = await targets.Start(postgres, null, "warehouse");
        await Checkout(service, items: 1);
        var waiting = service.Services.GetRequiredService<WaitingDeliveries>();
        var slow = await Claimed(TimeSpan.FromMilliseconds(1));
        var next = await Claimed(TimeSpan.FromMinutes(1));

        await waiting.Note("warehouse", [new(slow, 0, new Attempt.Failed("too late", null), [])], TestContext.Current.CancellationToken);
        await waiting.Note("warehouse", [new(slow, 0, null, [])], TestContext.Current.CancellationToken);

        Assert.Equal(next.Until, await service.Query<DateTime>("select claimed_until from outward.deliveries where version = 1"));
        Assert.Equal(0, await service.Query<int>("select attempts from outward.deliveries where version = 1"));

        async Task<Claim> Claimed(TimeSpan length)
        {
            List<Claim> claims = [];
            await Eventually.That(async () => (claims = await waiting.Take("warehouse", 1, length, TestContext.Current.CancellationToken)).Count == 1);
            return claims[0];
        }
    }

    [Fact]
    public async Task A_target_gets_what_it_asked_for_from_then_on_and_again_when_it_asks_again()
    {
        var targets = new MemoryTargets();
        await using var service = await targets.Start(postgres);
        var store = service.Services.GetRequiredService<IDocumentStore>();
        var before = await Checkout(service, items: 1);
        await service.CaughtUp();
        await Save(store, session => session.AddTarget("warehouse", ["order.confirmed.v1"]));
        var after = await Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(targets.Arrived.Count > 0));
        Assert.Equal((after, "order.confirmed.v1"), (targets.Arrived[0].OrderId, targets.Arrived[0].Type));

        await Save(store, session => session.Replay("warehouse", [], 0, DateTimeOffset.MinValue, long.MaxValue));
        await Eventually.That(() => Task.FromResult(targets.Arrived.Count == 7));
        Assert.Equal([1, 2, 3], targets.Of(before));
        Assert.Equal(targets.Arrived[0].Json.ToArray(), targets.Arrived.Last(e => e.Id == targets.Arrived[0].Id).Json.ToArray());

        await Save(store, session => session.Redeliver("warehouse", before, 2));
        await Eventually.That(() => Task.FromResult(targets.Arrived.Count == 8));
        Assert.Equal([1, 2, 3, 2], targets.Of(before));

        await Save(store, session => session.RemoveTarget("warehouse"));
        await Checkout(service, items: 1);
        await service.CaughtUp();
        Assert.Equal(0, await service.Query<long>("select count(*) from outward.deliveries"));
        Assert.Equal(8, targets.Arrived.Count);
    }

    [Fact]
    public async Task A_target_gets_nothing_of_what_was_there_before_it_even_where_that_has_yet_to_be_looked_at()
    {
        var first = await Monolith.Start(postgres);
        var old = await Checkout(first, items: 1);
        await first.CaughtUp();
        await first.DisposeAsync();
        await Carts.Execute(first.ConnectionString, "update outward.published set position = 0");

        var targets = new MemoryTargets();
        await using var service = await targets.Start(postgres, first.ConnectionString, "warehouse");
        var order = await Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(targets.Of(order).Count == 3));
        Assert.Empty(targets.Of(old));
    }

    static async Task Save(IDocumentStore store, Action<IDocumentSession> change)
    {
        await using var session = store.LightweightSession();
        change(session);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    static async Task<List<GivenUp>> GivenUps(IDocumentStore store)
    {
        await using var session = store.QuerySession();
        return await GivenUp.Find(session, "true", [], 10);
    }

    internal static async Task<Guid> Checkout(Monolith service, int items, Guid? id = null)
    {
        var order = id ?? Guid.CreateVersion7();
        var created = await service.Send("POST", "/v1/orders", new
        {
            orderId = order,
            customerId = "alice",
            items = Enumerable.Range(1, items).Select(n => new { productId = $"p-{n}", quantity = n, unitPrice = 2.5m }),
            confirm = true,
        });
        Assert.Equal(201, created.Status);
        return order;
    }
}
