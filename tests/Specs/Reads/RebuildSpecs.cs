using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Operations;

namespace OrderMonolith.Specs;

/// <summary>Views are made anew from the events, byte for byte as they were, and only while nobody serves.</summary>
public sealed class RebuildSpecs(Postgres postgres)
{
    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_rebuild_makes_the_same_bytes_and_waits_for_nobody_to_serve(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("rebuild");
        string[] rebuild = ["projections", "rebuild", "--in-place"];
        string[] before;
        await using (var node = await Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle)))
        {
            await Fill(node, lifecycle);
            before = await Views(database);

            var refused = await BuiltProgram.Run(database, lifecycle, rebuild);
            Assert.Equal(1, refused.Code);
            Assert.Contains("A node is serving this database. Stop all nodes first", refused.Error, StringComparison.Ordinal);
            Assert.Equal(before, await Views(database));
        }

        await Execute(database, "update views.mt_doc_order_summary set data = data - 'products'; delete from views.mt_doc_order where data ->> 'status' = 'Confirmed'");
        Assert.NotEqual(before, await Views(database));
        var done = await BuiltProgram.Run(database, lifecycle, rebuild);
        Assert.True(done.Code is 0, done.Error + done.Out);
        Assert.Equal(before, await Views(database));
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_rebuild_keeps_archived_orders(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("rebuild");
        string[] before;
        await using (var node = await Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle)))
        {
            var store = node.Services.GetRequiredService<IDocumentStore>();
            await Seeding.Run(store, node.Services.GetRequiredService<TimeProvider>(), 1, 20, new Seen(_ => { }), TestContext.Current.CancellationToken);
            await node.CaughtUp();
            await using var session = store.LightweightSession();
            foreach (var id in await node.Query<Guid[]>("select array_agg(id) from (select id from events.mt_streams order by id limit 7) first")) session.Events.ArchiveStream(id);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
            before = await Views(database);
        }

        await Execute(database, "truncate views.mt_doc_order_summary");
        var done = await BuiltProgram.Run(database, lifecycle, ["projections", "rebuild", "-p", "order_summaries", "--in-place"]);
        Assert.True(done.Code is 0, done.Error + done.Out);
        Assert.Equal(before, await Views(database));
    }

    /// <summary>Orders of all kinds, some begun by the first generation and changed since.</summary>
    static async Task Fill(Monolith node, string lifecycle)
    {
        var store = node.Services.GetRequiredService<IDocumentStore>();
        var raw = new RawEvents(node);
        var old = await raw.Lying(
            ("order_created", """{"orderId":"00000001-0000-0000-0000-000000000000","customerId":"ada"}"""),
            ("item_added", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":3,"price":9.50}"""),
            ("item_removed", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":1,"price":9.5}"""));
        using (var daemon = await store.BuildProjectionDaemonAsync())
        {
            await daemon.RebuildProjectionAsync("orders", TestContext.Current.CancellationToken);
            if (lifecycle is "Inline") await daemon.RebuildProjectionAsync("order_summaries", TestContext.Current.CancellationToken);
        }

        await Seeding.Run(store, node.Services.GetRequiredService<TimeProvider>(), 1, 60, new Seen(_ => { }), TestContext.Current.CancellationToken);
        Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{old}/items", """{"productId":"tea","quantity":2,"unitPrice":0.1000,"description":"T\u00e9 \"1\""}""")).Status);
        Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{old}/confirm")).Status);
        Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{old}/cancel", new { reason = "Grüße 🍵" })).Status);
        await node.CaughtUp();
    }

    static async Task<string[]> Views(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("""
            select coalesce(array_agg(view order by view), array[]::text[]) from (
                select concat_ws(' ', 'order', id, mt_version, customer_id, data::text) view from views.mt_doc_order
                union all select concat_ws(' ', 'summary', id, mt_version, customer_id, status, currency, total_amount, created_at, last_updated, data::text) from views.mt_doc_order_summary) views
            """);
        return (string[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    static async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
