using System.Text;
using System.Text.Json;
using JasperFx.Events.Projections;
using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Export;
using OrderMonolith.Import;
using OrderMonolith.Operations;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>A store that an export was imported into is the store that was exported, and goes on where that stood.</summary>
public sealed class CopiedStores(Postgres postgres)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("all.ndjson")]
    [InlineData("all.ndjson.gz")]
    public async Task A_copy_has_the_same_rows_in_the_same_places_and_whole_views(string file)
    {
        await using var exported = await ExportedShop.With(postgres, 30);
        await exported.AddOddities();
        var export = await exported.Export(file);
        var copy = await exported.Empty();
        var import = await exported.Import(file, copy);

        Assert.Equal(await ExportedShop.Rows(exported.Shop), await ExportedShop.Rows(copy));
        Assert.Equal((159, 32, 165), (export.Events, export.Streams, export.Header.Position));
        Assert.Equal((159, 32, 165, 31, 0), (import.Events, import.Streams, import.Position, import.Orders, import.Unreadable));
        Assert.Empty(await ExportedShop.Differences(copy));
        Assert.Equal(["31", "31"], await copy.Query("select count(*) from views.mt_doc_order union all select count(*) from views.mt_doc_order_summary"));
        Assert.Equal(["HighWaterMark 165", "sales:All 165", "work_list:All 165"], await copy.Query("select concat_ws(' ', name, last_seq_id) from events.mt_event_progression order by name"));
    }

    [Fact]
    public async Task An_empty_store_is_copied_too()
    {
        await using var exported = await ExportedShop.With(postgres, 0);
        Assert.Equal(0, (await exported.Export("none")).Header.Position);
        var copy = await exported.Empty();
        Assert.Equal(0, (await exported.Import("none", copy)).Events);
        Assert.Equal(await ExportedShop.Rows(exported.Shop), await ExportedShop.Rows(copy));
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_service_goes_on_behind_it_and_knows_no_token_of_the_other_store(string lifecycle)
    {
        await using var exported = await ExportedShop.With(postgres, 3);
        string foreign;
        await using (var source = await Monolith.Start(postgres, exported.Shop.ConnectionString))
            foreign = (await source.Send("POST", "/v1/orders", new { customerId = "ada" })).Header("Consistency-Token")!;
        await exported.Export("all");
        var copy = await exported.Empty();
        await exported.Import("all", copy);

        await using var service = await Monolith.Start(postgres, copy.ConnectionString, ("OrderSummaries:Lifecycle", lifecycle));
        Assert.Equal("consistency-token-unknown", (await service.Send("GET", "/v1/orders", null, ("Consistency-Token", foreign))).Code);
        var cancelled = await service.Send("POST", $"/v1/orders/{new Invoice("0").OrderId}/cancel", null, ("If-Match", "\"5\""));
        Assert.Equal((200, "\"6\""), (cancelled.Status, cancelled.Header("ETag")));
        Assert.Equal("17", (await copy.Query("select max(seq_id) from events.mt_events where version = 6"))[0]);

        var list = await service.Send("GET", "/v1/orders?status=Cancelled", null, ("Consistency-Token", cancelled.Header("Consistency-Token")!));
        Assert.Equal(1, list.Content.GetProperty("items").GetArrayLength());
        Assert.Contains("Healthy", (await service.Send("GET", "/health/ready")).Body);
        Assert.Empty(await ExportedShop.Differences(copy));
    }

    [Fact]
    public async Task A_view_that_follows_from_behind_stands_at_the_end()
    {
        await using var exported = await ExportedShop.With(postgres, 3);
        await exported.Export("all");
        var copy = await exported.Empty();
        using var store = LegacyShop.StoreOn(copy.Database, ProjectionLifecycle.Async);
        await EventImport.Run(store, copy.Database, exported.File("all"), new Seen(_ => { }), Cancellation);
        Assert.Equal(["15", "15", "15", "15"], await copy.Query("select last_seq_id from events.mt_event_progression"));
        Assert.Empty(await ExportedShop.Differences(copy));
    }

    [Fact]
    public async Task Events_that_this_version_does_not_know_are_copied_as_they_are_and_no_node_of_it_serves()
    {
        await using var exported = await ExportedShop.With(postgres, 3);
        var strange = await exported.AddOrder(("order_created", """{"customerId": "ada"}"""), ("item_added_v9", """{"sku": "tea"}"""));
        await exported.Export("all");
        var copy = await exported.Empty();
        await using (await Monolith.Start(postgres, copy.ConnectionString)) { }
        var import = await exported.Import("all", copy);

        Assert.Equal(await ExportedShop.Rows(exported.Shop), await ExportedShop.Rows(copy));
        Assert.Equal((3, 1, strange), (import.Orders, import.Unreadable, import.Examples.Single().OrderId));
        using var node = new ServingLock(copy.Database, copy.Store, new(ProjectionLifecycle.Inline), NullLogger<ServingLock>.Instance);
        var refusal = await Assert.ThrowsAsync<SetupException>(() => node.Join(Cancellation));
        Assert.Contains("projections rebuild -p orders", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_order_alone_is_copied_for_a_bug_report()
    {
        await using var exported = await ExportedShop.With(postgres, 3);
        var id = new Invoice("1").OrderId;
        var export = await exported.Export("one", new(0, id));
        var copy = await exported.Empty();
        await exported.Import("one", copy);

        Assert.Equal((5, 1, 15), (export.Events, export.Streams, export.Header.Position));
        var rows = $"select e::text from events.mt_events e where stream_id = '{id}' order by seq_id";
        Assert.Equal(await exported.Shop.Query(rows), await copy.Query(rows));
        Assert.Equal(["5", "10"], await copy.Query("select count(*) from events.mt_events union all select last_value from events.mt_events_sequence"));
        Assert.Empty(await ExportedShop.Differences(copy));
    }

    [Fact]
    public async Task What_a_view_went_on_without_it_goes_on_without_in_a_copy()
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        var id = new Invoice("1").OrderId;
        var skipped = new SkippedEvent("order_summaries/8", "order_summaries", 8, id, "item_added_v2", "a test product", "spec", DateTimeOffset.UnixEpoch);
        await using (var session = exported.Shop.Store.LightweightSession())
        {
            session.Insert(skipped);
            await session.SaveChangesAsync(Cancellation);
        }

        var export = await exported.Export("all");
        Assert.Equal([skipped], export.Header.LeftOut);
        Assert.Null((await exported.Export("other", new(0, new Invoice("0").OrderId))).Header.LeftOut);
        var copy = await exported.Empty();
        await exported.Import("all", copy);

        const string Skips = "select data::text from views.mt_doc_skipped_event";
        Assert.Equal(await exported.Shop.Query(Skips), await copy.Query(Skips));
        Assert.Equal(["2 3", "3 3"], await copy.Query($"select concat_ws(' ', s.data ->> 'itemCount', jsonb_array_length(o.data -> 'lines')) from views.mt_doc_order_summary s join views.mt_doc_order o using (id) order by (s.data ->> 'itemCount')::int"));
        Assert.Empty(await ExportedShop.Differences(copy));
    }

    [Fact]
    public async Task What_a_node_writes_meanwhile_is_in_it_whole_or_not_at_all()
    {
        await using var exported = await ExportedShop.With(postgres, 100);
        await using var node = await Monolith.Start(postgres, exported.Shop.ConnectionString);
        using var enough = new CancellationTokenSource();
        var traffic = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Traffic(node, enough.Token)));
        var copies = new List<(long Position, LegacyShop Copy)>();
        for (var i = 0; i < 3; i++)
        {
            var export = await exported.Export($"{i}");
            copies.Add((export.Header.Position, await exported.Empty()));
            await exported.Import($"{i}", copies[i].Copy);
        }

        await enough.CancelAsync();
        await traffic;
        Assert.True(copies[2].Position > copies[0].Position);
        foreach (var (position, copy) in copies)
        {
            var rows = $"select e::text from events.mt_events e where seq_id <= {position} order by seq_id";
            Assert.Equal(await exported.Shop.Query(rows), await copy.Query(rows));
            Assert.Equal(["t"], (await copy.Query($"select bool_and(s.version = (select max(version) from events.mt_events where stream_id = s.id)) from events.mt_streams s")).Select(yes => yes[..1].ToLowerInvariant()));
            Assert.Empty(await ExportedShop.Differences(copy));
        }
    }

    [Fact]
    public async Task Orders_are_exported_as_they_are_answered()
    {
        await using var exported = await ExportedShop.With(postgres, 3);
        await using var service = await Monolith.Start(postgres, exported.Shop.ConnectionString);
        Assert.Equal(3, await OrderExport.Run(exported.Shop.Database, exported.Shop.Store, exported.File("orders"), null, new Seen(_ => { }), Cancellation));
        foreach (var line in await System.IO.File.ReadAllLinesAsync(exported.File("orders"), Encoding.UTF8, Cancellation))
            Assert.Equal((await service.Send("GET", $"/v1/orders/{JsonElement.Parse(line).GetProperty("id")}")).Body, line);

        Assert.Equal(1, await OrderExport.Run(exported.Shop.Database, exported.Shop.Store, exported.File("one"), new Invoice("1").OrderId, new Seen(_ => { }), Cancellation));
        await Assert.ThrowsAsync<BadInputException>(() => OrderExport.Run(exported.Shop.Database, exported.Shop.Store, exported.File("no"), Guid.NewGuid(), new Seen(_ => { }), Cancellation));
    }

    static async Task Traffic(Monolith node, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var order = (await node.Send("POST", "/v1/orders", new { customerId = "ada" })).Header("Location")!;
            await node.Send("POST", $"{order}/items", new { productId = "tea", quantity = 1, unitPrice = 1 });
            await node.Send("POST", $"{order}/confirm");
        }
    }
}
