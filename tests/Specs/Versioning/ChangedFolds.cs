using JasperFx;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Rebuilding;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>The recipe by which a fold changes: the view gets a new version, and no node meets what another fold made.</summary>
public sealed class ChangedFolds(Postgres postgres)
{
    static readonly object Tea = new { customerId = "ada", items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.5m } } };

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_answer_and_no_decision_of_a_new_fold_rests_on_what_the_old_one_made()
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        string order;
        await using (var today = await Monolith.Start(postgres, database))
        {
            order = (await today.Send("POST", "/v1/orders", Tea)).Header("Location")!;
            await Refuses(database, NewOrders, "The view 'orders' is kept in version 1, but this node makes version 2 of it");
            Assert.Equal(200, (await today.Send("GET", order)).Status);
        }

        await SetUp(database, NewOrders);
        await using (var tomorrow = await Monolith.Start(postgres, database, NewOrders))
        {
            var shown = await tomorrow.Send("GET", order);
            Assert.Equal("TEA", shown.Content.GetProperty("lines")[0].GetProperty("productId").GetString());
            Assert.Equal("item-not-in-order", (await tomorrow.Send("DELETE", order + "/items/tea")).Code);
            Assert.Equal(200, (await tomorrow.Send("DELETE", order + "/items/TEA?quantity=1")).Status);
            Assert.Equal("Healthy", (await tomorrow.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("storage").GetProperty("status").GetString());
            await IsVerified(tomorrow);
            Assert.Equal("2 3", await tomorrow.Query<string>("select concat_ws(' ', (select mt_version from views.mt_doc_order), (select mt_version from views.mt_doc_order_2))"));
            await Refuses(database, Nothing, "The view 'orders' is kept in version 2, but this node makes version 1 of it");
        }

        await using var again = await Monolith.Start(postgres, database);
        Assert.Equal("\"3\"", (await again.Send("GET", order)).Header("ETag"));
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_list_of_another_fold_is_as_fresh_and_as_sure_of_itself(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        (string, string) settings = ("OrderSummaries:Lifecycle", lifecycle);
        await using (var today = await Monolith.Start(postgres, database, settings)) await today.Send("POST", "/v1/orders", Tea);

        await SetUp(database, NewSummaries);
        await using var tomorrow = await Monolith.Start(postgres, database, NewSummaries, settings);
        var token = (await tomorrow.Send("POST", "/v1/orders", Tea)).Header("Consistency-Token")!;
        Assert.Equal(2, (await tomorrow.Send("GET", "/v1/orders?productId=TEA", null, ("Consistency-Token", token))).Content.GetProperty("items").GetArrayLength());
        Assert.Equal(0, (await tomorrow.Send("GET", "/v1/orders?productId=tea")).Content.GetProperty("items").GetArrayLength());
        Assert.Equal(
            lifecycle is "Async" ? ["order_summaries:V2:All"] : [],
            tomorrow.Services.GetRequiredService<IDocumentStore>().Advanced.AllAsyncProjectionShardNames().Select(shard => shard.Identity).Where(shard => shard.StartsWith("order_summaries", StringComparison.Ordinal)));
        await IsVerified(tomorrow);
    }

    [Fact]
    public async Task A_large_view_is_built_by_the_new_version_while_the_old_one_serves_and_completed_at_its_start()
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        string first, second;
        await using (var today = await Monolith.Start(postgres, database))
        {
            first = (await today.Send("POST", "/v1/orders", Tea)).Header("Location")!;
            await SetUp(database, NewOrders);
            await using var source = NpgsqlDataSource.Create(database);
            using var tomorrows = Store(source, NewOrders, "Inline");
            using var rebuilds = new Rebuilds(tomorrows, source, TimeProvider.System, NullLogger<Rebuilds>.Instance);
            var rebuild = await rebuilds.Request(new(Guid.CreateVersion7(), "orders", "spec", DateTimeOffset.UtcNow));
            var end = await rebuilds.Do(rebuild, difference => Assert.Fail(difference.How), new Told(_ => { }), Cancellation);
            Assert.Equal((RebuildState.Switched, 1), (end!.State, end.Orders));
            Assert.Equal(200, (await today.Send("POST", first + "/confirm")).Status);
            second = (await today.Send("POST", "/v1/orders", Tea)).Header("Location")!;
        }

        await using var tomorrow = await Monolith.Start(postgres, database, NewOrders);
        foreach (var (order, version) in new[] { (first, 3), (second, 2) })
        {
            var shown = await tomorrow.Send("GET", order);
            Assert.Equal(("TEA", $"\"{version}\""), (shown.Content.GetProperty("lines")[0].GetProperty("productId").GetString(), shown.Header("ETag")));
        }

        await IsVerified(tomorrow);
    }

    [Fact]
    public async Task A_view_that_follows_from_behind_is_built_by_the_new_version_and_goes_on_where_that_ended()
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        await using (var today = await Monolith.Start(postgres, database))
        {
            await today.Send("POST", "/v1/orders", Tea);
            await today.CaughtUp();
            await SetUp(database, NewSales);
            await using var source = NpgsqlDataSource.Create(database);
            using var tomorrows = Store(source, NewSales, "Inline");
            using var rebuilds = new Rebuilds(tomorrows, source, TimeProvider.System, NullLogger<Rebuilds>.Instance);
            var end = await rebuilds.Do(await rebuilds.Request(new(Guid.CreateVersion7(), "sales", "spec", DateTimeOffset.UtcNow)), difference => Assert.Fail(difference.How), new Told(_ => { }), Cancellation);
            Assert.Equal((RebuildState.Switched, 1, 2), (end!.State, end.Orders, end.EventsDone));
            Assert.Equal("TEA 2", await today.Query<string>("select concat_ws(' ', (select products[1] from views.mt_doc_sale_2), (select last_seq_id from events.mt_event_progression where name = 'sales:V2:All'))"));
            await today.Send("POST", "/v1/orders", Tea);
        }

        await using var tomorrow = await Monolith.Start(postgres, database, NewSales);
        await tomorrow.CaughtUp();
        Assert.Equal("{TEA,TEA}", await tomorrow.Query<string>("select array_agg(products[1])::text from views.mt_doc_sale_2"));
        await IsVerified(tomorrow);
    }

    [Fact]
    public async Task A_rebuild_that_nobody_works_on_is_called_off_and_out_of_the_way()
    {
        await using var shop = await LegacyShop.Open(postgres);
        using var rebuilds = new Rebuilds(shop.Store, shop.Database, TimeProvider.System, NullLogger<Rebuilds>.Instance);
        var left = await rebuilds.Request(new(Guid.CreateVersion7(), "orders", "spec", DateTimeOffset.UtcNow));
        Assert.Equal(1, (await BuiltProgram.Run(shop.ConnectionString, "projections", "rebuild", "-p", "orders", "--accept-differences")).Code);
        Assert.Null(await rebuilds.Cancel("orders", Guid.NewGuid()));
        Assert.Contains("1 rebuilds called off", (await BuiltProgram.Run(shop.ConnectionString, "projections", "cancel")).Out, StringComparison.Ordinal);
        Assert.Equal("Cancelled", (await shop.Query($"select data ->> 'state' from views.mt_doc_rebuild_progress where id = '{left.Id}'"))[0]);
        Assert.Equal(0, (await BuiltProgram.Run(shop.ConnectionString, "projections", "rebuild", "-p", "orders", "--accept-differences")).Code);
    }

    [Fact]
    public async Task What_a_start_would_have_to_add_has_a_limit()
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        await using (var today = await Monolith.Start(postgres, database))
            await today.Query<long>("with many as (insert into events.mt_streams (id, type, version) select gen_random_uuid(), 'order', 1 from generate_series(1, 10001) returning 1) select count(*) from many");
        await SetUp(database, NewOrders);
        await Refuses(database, NewOrders, "with this version run 'resources setup', then 'projections rebuild -p orders', also while the others serve; then stop them and start this one.");
    }

    [Fact]
    public async Task What_was_remembered_before_versions_were_is_of_the_first()
    {
        var database = await postgres.CreateDatabaseAsync("folds");
        await using var node = await Monolith.Start(postgres, database);
        await node.Query<long>("with one as (delete from views.mt_doc_view_lifecycle where id = 'orders' returning 1) select count(*) from one");
        await node.Query<long>("with one as (update views.mt_doc_view_lifecycle set data = data - 'version' returning 1) select count(*) from one");
        await Joins(database, Nothing);
        await Refuses(database, NewOrders, "The view 'orders' is kept in version 1, but this node makes version 2 of it");
    }

    static void Nothing(StoreOptions store)
    {
    }

    static void NewOrders(StoreOptions store) => Instead(store, "orders", new TomorrowsOrders(InCapitals, 2), ProjectionLifecycle.Inline);

    static void NewSales(StoreOptions store) => Instead(store, "sales", new TomorrowsSales(InCapitals, 2), ProjectionLifecycle.Async);

    static void NewSummaries(StoreOptions store) => Instead(store, "order_summaries", new TomorrowsSummaries(InCapitals, 2), store.Projections.All.Single(view => view.Name is "order_summaries").Lifecycle);

    static void Instead<T>(StoreOptions store, string name, Marten.Events.Aggregation.SingleStreamProjection<T, Guid> fold, ProjectionLifecycle lifecycle)
        where T : class
    {
        var old = store.Projections.All.Single(view => view.Name == name);
        store.Projections.Add(fold, lifecycle);
        store.Projections.All.Remove(old);
    }

    static object InCapitals(object fact) => fact switch
    {
        ItemAdded e => e with { ProductId = e.ProductId.ToUpperInvariant() },
        ItemRemoved e => e with { ProductId = e.ProductId.ToUpperInvariant() },
        _ => fact,
    };

    /// <summary>What <c>resources setup</c> and <c>db/roles.sql</c> do.</summary>
    static async Task SetUp(string database, Action<StoreOptions> topology)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        using var store = Store(source, topology, "Inline");
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await Postgres.RunScriptAsync(database, "roles.sql");
    }

    static async Task Refuses(string database, Action<StoreOptions> topology, string why, string lifecycle = "Inline") =>
        Assert.Contains(why, (await Assert.ThrowsAsync<SetupException>(() => Joins(database, topology, lifecycle))).Message, StringComparison.Ordinal);

    static async Task Joins(string database, Action<StoreOptions> topology, string lifecycle = "Inline")
    {
        await using var source = NpgsqlDataSource.Create(database);
        using var store = Store(source, topology, lifecycle);
        using var node = new ServingLock(source, store, new(Enum.Parse<ProjectionLifecycle>(lifecycle)), NullLogger<ServingLock>.Instance);
        await using (await node.Join(Cancellation)) { }
    }

    static DocumentStore Store(NpgsqlDataSource source, Action<StoreOptions> topology, string lifecycle) => DocumentStore.For(store =>
    {
        Topology.Store(store, Enum.Parse<ProjectionLifecycle>(lifecycle));
        store.Connection(source);
        store.AutoCreateSchemaObjects = AutoCreate.None;
        topology(store);
    });

    static async Task IsVerified(Monolith node)
    {
        var found = new List<Difference>();
        await new Verification(node.Services.GetRequiredService<IDocumentStore>(), Cancellation).OfAll(found.Add, new Seen(_ => { }));
        Assert.Empty(found);
    }
}
