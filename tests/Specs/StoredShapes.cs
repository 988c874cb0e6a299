using System.Text.Json;
using Marten;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>What lies in databases is a contract: it loads for ever, and what is written today looks exactly as approved.</summary>
public sealed class StoredShapes(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);
    readonly RawEvents raw = new(one.Service);

    /// <summary>A shape: how it is or was stored, and what it reads as.</summary>
    public sealed record Shape(string Alias, JsonElement Stored, string Reads, JsonElement As, bool Written = false)
    {
        public OrderEvent Fact => (OrderEvent)As.Deserialize(typeof(OrderEvent).Assembly.GetType($"OrderMonolith.Orders.{Reads}", throwOnError: true)!, Json.Stored)!;

        public override string ToString() => $"{Alias} {Stored}";
    }

    static Shape[] Approved { get; } = JsonSerializer.Deserialize<Shape[]>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "StoredShapes.approved.json")), Json.Stored)!;

    [Fact]
    public async Task Every_generation_loads()
    {
        foreach (var shape in Approved)
        {
            var id = await raw.Lying((shape.Alias, shape.Stored.GetRawText()));
            Assert.Equal([shape.Fact], await batches.Facts(id));
        }
    }

    [Fact]
    public async Task What_is_written_today_is_exactly_what_is_approved()
    {
        foreach (var shape in Approved.Where(shape => shape.Written))
        {
            var id = await batches.NewOrder();
            Assert.NotNull((await batches.Run(id, new Deciding(_ => shape.Fact))).Order);
            var event3 = $"from events.mt_events where stream_id = '{id}' and version = 3";
            Assert.Equal(shape.Alias, await one.Service.Query<string>($"select type {event3}"));
            var written = await one.Service.Query<string>($"select data::text {event3}");
            Assert.True(JsonElement.DeepEquals(shape.Stored, JsonElement.Parse(written)), $"{shape} is approved, but {written} is written.");
        }
    }

    [Fact]
    public void Every_fact_has_an_approved_shape() =>
        Assert.Empty(typeof(OrderEvent).Assembly.GetTypes().Where(type => type.BaseType == typeof(OrderEvent)).Select(type => type.Name)
            .Except(Approved.Where(shape => shape.Written).Select(shape => shape.Reads)));

    [Fact]
    public async Task An_order_of_the_first_generation_lives_on()
    {
        var id = await raw.Lying(
            ("order_created", """{"orderId":"00000001-0000-0000-0000-000000000000","customerId":"ada"}"""),
            ("item_added", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":3,"price":9.50}"""),
            ("item_removed", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":1,"price":9.5}"""));
        using (var daemon = await batches.Store.BuildProjectionDaemonAsync())
        {
            await daemon.RebuildProjectionAsync("orders", TestContext.Current.CancellationToken);
            await daemon.RebuildProjectionAsync("order_summaries", TestContext.Current.CancellationToken);
        }

        var added = await one.Service.Send("POST", $"/v1/orders/{id}/items", new { productId = "tea", quantity = 1, unitPrice = 9.5m });
        Assert.Equal(200, added.Status);
        var summary = await one.Service.Send("GET", $"/v1/orders/{id}/summary");
        Assert.Equal(("USD", 28.5m, 4), (
            summary.Content.GetProperty("currency").GetString(), summary.Content.GetProperty("totalAmount").GetDecimal(), summary.Content.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task Names_are_for_ever()
    {
        await batches.NewOrder();
        Assert.Equal(["order"], await one.Service.Query<string[]>("select array_agg(distinct type::text) from events.mt_streams"));
        Assert.False(await one.Service.Query<bool>("select exists (select from events.mt_events where mt_dotnet_type like 'OrderMonolith%')"));
        Assert.Equal(["mt_doc_command_outcome", "mt_doc_dead_letter", "mt_doc_drift", "mt_doc_drift_watch_place", "mt_doc_order", "mt_doc_order_summary", "mt_doc_rebuild", "mt_doc_rebuild_progress", "mt_doc_sale", "mt_doc_skipped_event", "mt_doc_view_lifecycle", "mt_doc_work_item"], await one.Service.Query<string[]>(
            "select array_agg(tablename::text order by tablename) from pg_tables where schemaname = 'views' and tablename <> 'mt_doc_envelope'"));
        Assert.Equal(["events", "outward", "views", "views_next", "views_old", "wolverine"], await one.Service.Query<string[]>(
            "select array_agg(nspname::text order by nspname) from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')"));

        var projections = ((DocumentStore)batches.Store).Options.Projections.All;
        Assert.Equal(
            ["order_summaries:All 1", "orders:All 1", "sales:All 1", "work_list:All 1"],
            projections.SelectMany(p => p.ShardNames().Select(shard => $"{shard.Identity} {p.Version}")).Order(StringComparer.Ordinal));
    }
}
