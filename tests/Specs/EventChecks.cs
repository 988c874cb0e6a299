using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Operations;
using OrderMonolith.Orders;
using static Marten.Services.Json.Transformations.SystemTextJson.JsonTransformations;

namespace OrderMonolith.Specs;

/// <summary>Before a version serves a database it is asked whether it can read everything in it.</summary>
public sealed class EventChecks(Postgres postgres) : IAsyncLifetime
{
    Monolith node = null!;
    RawEvents raw = null!;
    Batches batches = null!;

    public async ValueTask InitializeAsync()
    {
        node = await Monolith.Start(postgres);
        (raw, batches) = (new(node), new(node));
    }

    public ValueTask DisposeAsync() => node.DisposeAsync();

    [Fact]
    public async Task A_healthy_store_is_read_whole_with_what_was_archived_and_what_the_store_itself_wrote()
    {
        await raw.Lying(
            ("order_created", """{"orderId":"00000001-0000-0000-0000-000000000000","customerId":"ada"}"""),
            ("item_added", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":3,"price":9.50}"""),
            ("tombstone", "{}"), ("archived", """{"reason":"old"}"""));
        var archived = await batches.NewOrder();
        await using (var session = batches.Store.LightweightSession())
        {
            session.Events.ArchiveStream(archived);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var (summary, found) = await Check();
        Assert.Empty(found);
        Assert.Equal((6, 0), (summary.Events, summary.Unreadable));
        Assert.Equal(
            ["archived archived 1", "item_added item_added_v2 upcast 1", "item_added_v2 item_added_v2 1", "order_created order_created 2", "tombstone tombstone 1"],
            summary.Types.Select(t => $"{t.Key} {t.Value.ReadsAs}{(t.Value.Upcast ? " upcast" : "")} {t.Value.Events}"));
    }

    [Theory]
    [InlineData("item_added_v3", """{"sku":"tea"}""", "This version does not know the name.")]
    [InlineData("item_added", """{"productId":"tea","quantity":3}""", "The given key was not present in the dictionary.")]
    [InlineData("item_added", """{"productId":"tea","quantity":"three","price":9.5}""", "The requested operation requires an element of type 'Number'")]
    [InlineData("item_added_v2", """{"productId":"tea","quantity":3}""", "JSON deserialization for type 'OrderMonolith.Orders.ItemAdded' was missing required properties including: 'unitPrice'.")]
    [InlineData("item_added_v2", """{"productId":"tea","quantity":2.5,"unitPrice":1}""", "The JSON value could not be converted to OrderMonolith.Orders.ItemAdded. Path: $.quantity")]
    [InlineData("order_confirmed", "null", "There is nothing in it.")]
    public async Task What_cannot_be_read_is_named_with_its_reason(string type, string json, string why)
    {
        var id = await raw.Lying(("order_created", """{"customerId":"ada"}"""), (type, json));
        var (summary, found) = await Check();
        var one = Assert.Single(found);
        Assert.Equal((2, id, 2, type), (one.Sequence, one.OrderId, one.Version, one.Type));
        Assert.StartsWith(why, one.Why, StringComparison.Ordinal);
        Assert.Equal((2, 1, 1), (summary.Events, summary.Unreadable, summary.Types[type].Unreadable));
    }

    [Fact]
    public async Task A_version_whose_upcaster_is_wrong_is_told_of_every_event_before_it_serves()
    {
        await node.Query<long>("""
            with stream as (insert into events.mt_streams (id, type, version, tenant_id) select '00000001-0000-0000-0000-000000000000', 'order', 12000, '*DEFAULT*'),
            filled as (
                insert into events.mt_events (seq_id, id, stream_id, version, data, type, tenant_id, timestamp)
                select nextval('events.mt_events_sequence'), gen_random_uuid(), '00000001-0000-0000-0000-000000000000', n,
                       case when n = 1 then '{"customerId":"ada"}' else '{"productId":"tea","quantity":1,"price":1}' end::jsonb, case when n = 1 then 'order_created' else 'item_added' end, '*DEFAULT*', now()
                from generate_series(1, 12000) n returning 1)
            select count(*) from filled
            """);
        Assert.Empty((await Check()).Found);

        using var newer = DocumentStore.For(store =>
        {
            store.Events.Upcast<ItemAdded>("item_added", Upcast(old => new ItemAdded("tea", 1, old.RootElement.GetProperty("cost").GetDecimal())));
            Topology.Store(store, ProjectionLifecycle.Inline);
            store.Connection(node.ConnectionString);
        });
        var (summary, found) = await Check(newer);
        Assert.Equal(11_999, found.Count);
        Assert.Equal(Enumerable.Range(2, 11_999).Select(n => (long)n), found.Select(one => one.Sequence));
        Assert.Equal((12_000, 11_999), (summary.Events, summary.Unreadable));
    }

    [Fact]
    public async Task It_can_be_stopped()
    {
        await batches.NewOrder();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EventCheck(batches.Store, _ => { }, new Seen(_ => { }), stop.Token).Run());
    }

    async Task<(EventCheckSummary Summary, List<UnreadableEvent> Found)> Check(IDocumentStore? store = null)
    {
        var found = new List<UnreadableEvent>();
        var seen = new List<Progress>();
        var summary = await new EventCheck(store ?? node.Services.GetRequiredService<IDocumentStore>(), found.Add, new Seen(seen.Add), TestContext.Current.CancellationToken).Run();
        Assert.Equal(summary.Events, seen[^1].Count);
        Assert.Equal(seen[^1].Of, seen[^1].Done);
        return (summary, found);
    }
}
