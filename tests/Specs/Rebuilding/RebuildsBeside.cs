using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Rebuilding;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Views are built anew beside those that are read, while the service reads and writes on; they change places only where both are the same.</summary>
public sealed class RebuildsBeside(Postgres postgres)
{
    static readonly object Tea = new { customerId = "ada", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m } } };

    static readonly string[] AllViews = ["orders", "order_summaries", "sales", "work_list"];

    /// <summary>Some 1,600 events, or 108,000.</summary>
    static readonly int Orders = Thorough.Is ? 20_000 : 300;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Views => new() { { "Inline", "order_summaries" }, { "Async", "order_summaries" }, { "Inline", "orders" } };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task While_it_is_built_and_switched_no_read_fails_no_list_is_half_empty_and_no_write_is_lost(string lifecycle, string view)
    {
        await using var node = await Monolith.Start(postgres, null, ("OrderSummaries:Lifecycle", lifecycle));
        await Seed(node, Orders);
        await node.CaughtUp();
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var last = new Written();
        var (writing, reading) = (Write(node, last, closing.Token), Read(node, last, closing.Token));

        var seen = new List<RebuildProgress>();
        for (var run = 0; run < 3; run++)
        {
            var end = await Rebuild(node, view, seen: seen.Add);
            Assert.Equal((RebuildState.Switched, 0, null), (end.State, end.Differences, end.Why));
            Assert.True(end.Orders >= Orders);
        }

        await closing.CancelAsync();
        Assert.True(await writing > 0);
        Assert.True(await reading > 0);
        Assert.Contains(seen, progress => progress is { State: RebuildState.Building, EventsDone: > 0, EventsPerSecond: > 0 });
        await node.CaughtUp();
        await IsVerified(node);
        var before = await Rows(node);
        Assert.Equal(RebuildState.Switched, (await Rebuild(node, "order_summaries")).State);
        Assert.Equal(before, await Rows(node));
        Assert.Equal("Healthy", (await node.Send("GET", "/health/ready")).Content.GetProperty("status").GetString());
        await node.Services.GetRequiredService<IDocumentStore>().Storage.Database.AssertDatabaseMatchesConfigurationAsync(Cancellation);
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task Of_a_fold_with_a_mistake_it_names_exactly_the_orders_that_it_spoils_and_leaves_the_view_as_it_is(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("beside");
        string[] spoiled;
        string before;
        await using (var node = await Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle)))
        {
            await Seed(node, 120);
            await node.CaughtUp();
            before = await Rows(node);
            spoiled = await node.Query<string[]>("select array_agg(distinct stream_id::text order by stream_id::text) from events.mt_events where type = 'item_removed_v2'");
        }

        Assert.InRange(spoiled.Length, 1, 119);
        await using var mistaken = await Monolith.Start(postgres, database, Mistake, ("OrderSummaries:Lifecycle", lifecycle));
        var told = new List<Difference>();
        var refused = await Rebuild(mistaken, "order_summaries", found: told.Add);
        Assert.Equal((RebuildState.Refused, spoiled.Length), (refused.State, refused.Differences));
        Assert.Equal(spoiled, told.Select(difference => difference.OrderId.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal(told, refused.FirstDifferences);
        Assert.All(told, difference => Assert.Contains("totalAmount is ", difference.How, StringComparison.Ordinal));
        Assert.Equal(before, await Rows(mistaken));
        Assert.Null(await mistaken.Query<object>("select coalesce(to_regclass('views_next.mt_doc_order_summary')::text, '')") is "" ? null : "left over");

        var accepted = await Rebuild(mistaken, "order_summaries", accept: true);
        Assert.Equal((RebuildState.Switched, spoiled.Length), (accepted.State, accepted.Differences));
        Assert.NotEqual(before, await Rows(mistaken));
        told.Clear();
        var back = await Rebuild(mistaken, "order_summaries", accept: true, rollBack: true, found: told.Add);
        Assert.Equal((RebuildState.Switched, spoiled.Length), (back.State, back.Differences));
        Assert.All(told, difference => Assert.Matches("^totalAmount is .+, was ", difference.How));
        Assert.Equal(before, await Rows(mistaken));
    }

    [Fact]
    public async Task Going_back_takes_along_what_happened_since()
    {
        await using var node = await Monolith.Start(postgres);
        Assert.Equal((RebuildState.Failed, "There is nothing to go back to."), await Rebuild(node, "order_summaries", rollBack: true) is var none ? (none.State, none.Why) : default);
        var order = (await node.Send("POST", "/v1/orders", Tea)).Header("Location")!;
        Assert.Equal(RebuildState.Switched, (await Rebuild(node, "order_summaries")).State);
        await node.Send("POST", order + "/confirm");
        await node.Send("POST", "/v1/orders", Tea);
        var back = await Rebuild(node, "order_summaries", rollBack: true);
        Assert.Equal((RebuildState.Switched, 0), (back.State, back.Differences));
        await IsVerified(node);
        Assert.Equal(2, (await node.Send("GET", "/v1/orders")).Content.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_run_that_ends_at_any_step_is_finished_by_the_next()
    {
        await using var node = await Monolith.Start(postgres);
        await Seed(node, 40);
        var rebuilds = node.Services.GetRequiredService<Rebuilds>();
        for (var (last, whole) = (0, false); !whole; last++)
        {
            var rebuild = await Request(node, "order_summaries");
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var steps = 0;
            var stopped = new Told(_ =>
            {
                if (steps++ == last) stopping.Cancel();
            });
            try
            {
                whole = (await rebuilds.Do(rebuild, _ => { }, stopped, stopping.Token))!.IsOver && steps <= last;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                Assert.Equal(rebuild.Id, (await Request(node, "order_summaries")).Id);
            }

            await node.Send("POST", "/v1/orders", Tea);
            var end = (await rebuilds.Do(rebuild, _ => { }, new Told(_ => { }), Cancellation))!;
            Assert.Equal((RebuildState.Switched, 0, null), (end.State, end.Differences, end.Why));
            await IsVerified(node);
            Assert.InRange(last, 0, 20);
        }
    }

    /// <summary>It sees how long those of its own role have been reading, and of anybody else only that they are.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_waits_for_who_reads_for_long_and_nobody_waits_for_it(bool ofItsRole)
    {
        await using var node = await Monolith.Start(postgres);
        await Seed(node, 40);
        var (tries, order) = (0, (await node.Send("POST", "/v1/orders", Tea)).Header("Location")!);
        Task<RebuildProgress> rebuild;
        var user = (Name: $"reader_{Guid.NewGuid():n}", Password: $"{Guid.NewGuid()}");
        await node.Query<object>($"create role {user.Name} login password '{user.Password}'; grant {user.Name} to orders_app; grant usage on schema views to {user.Name}; grant select on views.mt_doc_order_summary to {user.Name}; select 1");
        await using (var reader = await Blocked.Behind(node.ConnectionString, "select from views.mt_doc_order_summary limit 1", ofItsRole ? user : null))
        {
            rebuild = Rebuild(node, "order_summaries", seen: progress => tries += progress.State is RebuildState.Comparing ? 1 : 0);
            await Eventually.That(async () => ofItsRole ? tries > 5 : await reader.SomebodyWaits());
            Assert.Equal(200, (await node.Send("POST", order + "/confirm")).Status);
            Assert.Equal(200, (await node.Send("GET", order + "/summary")).Status);
            Assert.Equal(200, (await node.Send("GET", "/v1/orders")).Status);
            Assert.False(rebuild.IsCompleted);
        }

        Assert.Equal(RebuildState.Switched, (await rebuild).State);
        await IsVerified(node);
        await node.Query<object>($"drop owned by {user.Name}; drop role {user.Name}; select 1");
    }

    [Fact]
    public async Task What_changes_while_it_waits_is_compared_too()
    {
        var database = await postgres.CreateDatabaseAsync("beside");
        await using var node = await Monolith.Start(postgres, database);
        var order = (await node.Send("POST", "/v1/orders", Tea)).Header("Location")!;
        await using var mistaken = await Monolith.Start(postgres, database, Mistake);
        var (reports, told) = (0, new List<Difference>());
        Task<RebuildProgress> rebuild;
        await using (var reader = await Blocked.Behind(database, "select from views.mt_doc_order_summary limit 1"))
        {
            rebuild = Rebuild(mistaken, "order_summaries", found: told.Add, seen: _ => reports++);
            await Eventually.That(reader.SomebodyWaits);
            var before = reports;
            Assert.Equal(200, (await node.Send("DELETE", order + "/items/tea?quantity=1")).Status);
            await Eventually.That(() => Task.FromResult(rebuild.IsCompleted || reports > before));
        }

        Assert.Equal((RebuildState.Refused, 1), ((await rebuild).State, (await rebuild).Differences));
        Assert.Equal($"/v1/orders/{Assert.Single(told).OrderId}", order);
    }

    [Fact]
    public async Task What_somebody_had_read_before_the_switch_and_writes_after_it_is_made_good()
    {
        await using var node = await Monolith.Start(postgres);
        var order = (await node.Send("POST", "/v1/orders", Tea)).Header("Location")!;
        const string Spoil = "update views.mt_doc_order_summary set data = data || '{\"totalAmount\": 1}' returning 1";
        await node.Query<object>(Spoil);
        var end = await Rebuild(node, "order_summaries", accept: true, seen: progress =>
        {
            if (progress.State is not RebuildState.Switched) return;
            Assert.Equal(200, node.Send("POST", order + "/confirm").GetAwaiter().GetResult().Status);
            node.Query<object>(Spoil).GetAwaiter().GetResult();
        });
        Assert.Equal((RebuildState.Switched, 1), (end.State, end.Differences));
        await IsVerified(node);
    }

    [Fact]
    public async Task One_that_is_called_off_leaves_nothing_behind()
    {
        await using var node = await Monolith.Start(postgres);
        await Seed(node, 40);
        var before = await Rows(node);
        var (rebuild, rebuilds) = (await Request(node, "order_summaries"), node.Services.GetRequiredService<Rebuilds>());
        var end = await rebuilds.Do(rebuild, _ => { }, new Told(_ => rebuilds.Cancel("order_summaries").GetAwaiter().GetResult()), Cancellation);
        Assert.Equal(RebuildState.Cancelled, end!.State);
        Assert.Equal(before, await Rows(node));
        Assert.Equal(0, await node.Query<long>("select count(*) from pg_tables where schemaname in ('views_next', 'views_old')"));
        Assert.Null(await rebuilds.Cancel("order_summaries"));
    }

    [Fact]
    public async Task A_row_that_was_spoiled_or_lost_is_named_and_made_good_only_when_told_to()
    {
        await using var node = await Monolith.Start(postgres);
        await Seed(node, 30);
        var before = await Rows(node);
        var ids = await node.Query<Guid[]>("select array_agg(id order by id) from views.mt_doc_order_summary");
        await node.Query<object>($"""update views.mt_doc_order_summary set data = data || '{"{"}"totalAmount": 1{"}"}' where id = '{ids[3]}' returning 1""");
        await node.Query<object>($"delete from views.mt_doc_order_summary where id = '{ids[5]}' returning 1");
        await node.Query<object>($"update views.mt_doc_order_summary set status = 'Lost' where id = '{ids[7]}' returning 1");
        await node.Query<object>($"insert into views.mt_doc_order_summary select gen_random_uuid(), data, mt_version, customer_id, status, currency, total_amount, created_at, last_updated from views.mt_doc_order_summary where id = '{ids[9]}' returning 1");

        var told = new List<Difference>();
        Assert.Equal(RebuildState.Refused, (await Rebuild(node, "order_summaries", found: told.Add)).State);
        Assert.Equal(4, told.Count);
        Assert.Equal("is missing", told.Single(d => d.OrderId == ids[5]).How);
        Assert.StartsWith("column status is \"Lost\"", told.Single(d => d.OrderId == ids[7]).How, StringComparison.Ordinal);
        Assert.Contains(told, d => d.How is "has no events");
        Assert.Equal((RebuildState.Switched, 4), await Rebuild(node, "order_summaries", accept: true) is var end ? (end.State, (int)end.Differences) : default);
        Assert.Equal(before, await Rows(node));
    }

    [Fact]
    public async Task Views_of_a_store_that_never_built_one_can_be_built_at_once()
    {
        await using var node = await Monolith.Start(postgres);
        await Seed(node, 40);
        await node.CaughtUp();
        await node.Query<object>("drop schema views_next; drop schema views_old; do $$ begin execute format('grant create on database %I to orders_app', current_database()); end $$; select 1");
        var ends = await Task.WhenAll(AllViews.Select(view => Rebuild(node, view)));
        Assert.All(ends, end => Assert.Equal((RebuildState.Switched, 0, null), (end.State, end.Differences, end.Why)));
    }

    [Fact]
    public async Task One_that_is_refused_tells_all_that_differs_and_makes_it_known()
    {
        await using var node = await Monolith.Start(postgres, null, ("DriftWatch:Interval", "00:00:00"));
        await Seed(node, 30);
        var ids = await node.Query<Guid[]>("select array_agg(id order by id) from views.mt_doc_order_summary");
        await node.Query<object>($"update views.mt_doc_order_summary set status = 'Lost' where id = '{ids[3]}' returning 1");
        await node.Query<object>($"update views.mt_doc_order_summary set mt_version = mt_version + 5 where id = '{ids[5]}' returning 1");
        var told = new List<Difference>();
        Assert.Equal((RebuildState.Refused, 2), await Rebuild(node, "order_summaries", found: told.Add) is var end ? (end.State, (int)end.Differences) : default);
        Assert.Equal([ids[3], ids[5]], told.Select(difference => difference.OrderId).Order());
        Assert.Equal("2 orders differ in order_summaries: see the log, or run 'verify'.", (await node.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("drift").GetProperty("description").GetString());
    }

    static async Task<RebuildProgress> Rebuild(
        Monolith node, string view, bool accept = false, bool rollBack = false, Action<Difference>? found = null, Action<RebuildProgress>? seen = null) =>
        (await node.Services.GetRequiredService<Rebuilds>().Do(await Request(node, view, accept, rollBack), found ?? (_ => { }), new Told(seen ?? (_ => { })), Cancellation))!;

    static Task<Rebuild> Request(Monolith node, string view, bool accept = false, bool rollBack = false) => node.Services.GetRequiredService<Rebuilds>()
        .Request(new(Guid.CreateVersion7(), view, "spec", DateTimeOffset.UtcNow) { AcceptDifferences = accept, RollBack = rollBack });

    static void Mistake(StoreOptions store)
    {
        var right = store.Projections.All.Single(view => view.Name is "order_summaries");
        store.Projections.Add(new TomorrowsSummaries(fact => fact is ItemRemoved removed ? removed with { UnitPrice = removed.UnitPrice + 1 } : fact, 1), right.Lifecycle);
        store.Projections.All.Remove(right);
    }

    /// <summary>The order that was created last, and its token.</summary>
    sealed class Written
    {
        public volatile (string Id, string Token)[] Order = [];
    }

    static async Task<int> Write(Monolith node, Written last, CancellationToken stop)
    {
        var orders = 0;
        for (; !stop.IsCancellationRequested; orders++)
        {
            var created = await node.Send("POST", "/v1/orders", Tea);
            Assert.Equal(201, created.Status);
            last.Order = [(created.Content.GetProperty("id").GetString()!, created.Header("Consistency-Token")!)];
            Assert.Equal(200, (await node.Send("POST", created.Header("Location") + "/confirm")).Status);
        }

        return orders;
    }

    /// <summary>The list never gets shorter, and always has every order that was there when it was asked for.</summary>
    static async Task<int> Read(Monolith node, Written last, CancellationToken stop)
    {
        var reads = 0;
        for (; !stop.IsCancellationRequested; reads++)
        {
            var there = last.Order;
            var list = await node.Send("GET", "/v1/orders?limit=200", null, [.. there.Select(order => ("Consistency-Token", order.Token)), ("Prefer", "wait=30")]);
            Assert.Equal((200, 200), (list.Status, list.Content.GetProperty("items").GetArrayLength()));
            Assert.All(there, order => Assert.Contains(order.Id, list.Body, StringComparison.Ordinal));
            var id = list.Content.GetProperty("items")[199].GetProperty("orderId").GetGuid();
            Assert.Equal(200, (await node.Send("GET", $"/v1/orders/{id}")).Status);
            Assert.Equal(200, (await node.Send("GET", $"/v1/orders/{id}/summary")).Status);
        }

        return reads;
    }

    static Task<SeedSummary> Seed(Monolith node, int orders) =>
        Seeding.Run(node.Services.GetRequiredService<IDocumentStore>(), node.Services.GetRequiredService<TimeProvider>(), 1, orders, new Seen(_ => { }), Cancellation);

    static Task<string> Rows(Monolith node) => node.Query<string>("select md5(string_agg(concat_ws(' ', id, data::text, mt_version, customer_id, status, currency, total_amount, created_at, last_updated), ',' order by id)) from views.mt_doc_order_summary");

    static async Task IsVerified(Monolith node)
    {
        var found = new List<Difference>();
        await new Verification(node.Services.GetRequiredService<IDocumentStore>(), Cancellation).OfAll(found.Add, new Seen(_ => { }));
        Assert.Empty(found);
    }
}

/// <summary>Tells how far a rebuild is.</summary>
public sealed class Told(Action<RebuildProgress> told) : IProgress<RebuildProgress>
{
    public void Report(RebuildProgress value) => told(value);
}
