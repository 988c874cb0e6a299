using System.Text.Json;
using JasperFx.Events;
using Marten;
using OrderMonolith.History;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>
/// A process that has appended an event under a class and a name reads the older generations of it as it always did, whichever way it reads
/// (a store once forgot its upcasters there: JasperFx/marten#4680).
/// </summary>
public sealed class UpcastEverywhere(OneMonolith one) : IClassFixture<OneMonolith>
{
    const string Today = "OrderMonolith.Orders.ItemAdded, OrderMonolith";

    static readonly object[] Expected = [new OrderCreated("ada"), new ItemAdded("tea", 3, 9.5m), new ItemRemoved("tea", 1, 9.5m), new ItemAdded("mug", 1, 4m)];

    readonly Batches batches = new(one.Service);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("LegacyShop.Events.SomethingHappened, LegacyShop")]
    [InlineData(Today)]
    [InlineData("")]
    public async Task Every_way_of_reading_gives_the_upcast_event(string className)
    {
        // The process appends today's generation first, to other orders and to this one.
        await batches.NewOrder();
        var id = await new RawEvents(one.Service).Lying(
            ("order_created", """{"orderId":"00000001-0000-0000-0000-000000000000","customerId":"ada"}"""),
            ("item_added", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":3,"price":9.50}"""),
            ("item_removed", """{"orderId":"00000001-0000-0000-0000-000000000000","productId":"tea","quantity":1,"price":9.5}"""));
        await one.Service.Query<long>($"with named as (update events.mt_events set mt_dotnet_type = '{className}' where stream_id = '{id}' returning 1) select count(*) from named");
        await using (var session = batches.Store.LightweightSession())
        {
            session.Events.Append(id, new ItemAdded("mug", 1, 4m));
            await session.SaveChangesAsync(Cancellation);
        }

        foreach (var (way, facts) in await EveryWay(id)) Assert.True(Expected.SequenceEqual(facts), $"{way}: {string.Join(", ", facts)}");
        foreach (var (way, total) in await EveryFold(id)) Assert.True(total == 23m, $"{way}: {total}");
    }

    async Task<Dictionary<string, IEnumerable<object>>> EveryWay(Guid id)
    {
        await using var session = batches.Store.LightweightSession();
        return new()
        {
            ["stream"] = Data(await session.Events.FetchStreamAsync(id, token: Cancellation)),
            ["raw events"] = Data(await session.Events.QueryAllRawEvents().Where(e => e.StreamId == id).OrderBy(e => e.Version).ToListAsync(Cancellation)),
            ["history"] = Data((await OrderHistory.Load(session, id)).Events),
            ["audit trail"] = (await AuditTrail.Page(session, id, 0, 100)).Items.Select(e => e.Type switch
            {
                "order_created" => Read<OrderCreated>(e),
                "item_added_v2" => Read<ItemAdded>(e),
                "item_removed_v2" => Read<ItemRemoved>(e),
                _ => (object)e,
            }),
        };

        static IEnumerable<object> Data(IEnumerable<IEvent> events) => events.Select(e => e.Data);
        static object Read<T>(PastEvent e) => e.Data.Deserialize<T>(Json.Stored)!;
    }

    async Task<Dictionary<string, decimal?>> EveryFold(Guid id)
    {
        var totals = new Dictionary<string, decimal?>();
        await using (var session = batches.Store.LightweightSession())
        {
            totals["live"] = (await session.Events.AggregateStreamAsync<Order>(id, token: Cancellation))?.TotalAmount;
            totals["as of"] = (await OrderHistory.Load(session, id)).AsOf(4)?.TotalAmount;
        }

        using (var daemon = await batches.Store.BuildProjectionDaemonAsync())
        {
            await daemon.RebuildProjectionAsync("orders", Cancellation);
            await daemon.RebuildProjectionAsync("order_summaries", Cancellation);
        }

        await using (var session = batches.Store.LightweightSession())
        {
            totals["for writing"] = (await session.Events.FetchForWriting<Order>(id, Cancellation)).Aggregate?.TotalAmount;
            totals["latest"] = (await session.Events.FetchLatest<Order>(id, Cancellation))?.TotalAmount;
        }

        foreach (var path in new[] { "", "?version=4", "/summary" })
            totals[$"GET {path}"] = (await one.Service.Send("GET", $"/v1/orders/{id}{path}")).Content.GetProperty("totalAmount").GetDecimal();
        totals["what-if"] = (await one.Service.Send("POST", $"/v1/orders/{id}/what-if", new { })).Content.GetProperty("order").GetProperty("totalAmount").GetDecimal();
        totals["command"] = (await batches.Run(id, new ConfirmOrder())).Order?.TotalAmount;
        return totals;
    }
}
