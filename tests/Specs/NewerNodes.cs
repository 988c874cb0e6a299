using Marten.Exceptions;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>A newer node may write to the same database: what this one does not understand it leaves alone, aloud.</summary>
public sealed class NewerNodes(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);
    readonly RawEvents raw = new(one.Service);

    [Fact]
    public async Task A_member_that_a_newer_node_added_is_passed_over()
    {
        var id = await raw.Lying(("item_added_v2", """{"productId":"tea","quantity":2,"unitPrice":9.5,"giftWrap":true}"""));
        Assert.Equal([new ItemAdded("tea", 2, 9.5m)], await batches.Facts(id));
    }

    [Fact]
    public async Task A_member_that_is_missing_is_never_read_as_zero()
    {
        var id = await raw.Lying(("item_added_v2", """{"productId":"tea","quantity":2,"price":{"amount":9.5}}"""));
        await Assert.ThrowsAnyAsync<Exception>(() => batches.Facts(id));
    }

    [Fact]
    public async Task An_event_that_only_newer_nodes_know_stops_its_order_aloud_and_no_other()
    {
        var (strange, other) = (await batches.NewOrder(), await batches.NewOrder());
        await raw.Append(strange, 3, "item_added_v3", """{"sku":"tea"}""");

        var tasks = await batches.Together(On(other, Tea), On(strange, Tea), On(strange, new CancelOrder()), On(other, Tea));
        Assert.Equal(4, (await tasks[3]).Order?.Version);
        await Assert.ThrowsAsync<ProblemException>(() => tasks[1]);
        await Assert.ThrowsAsync<ProblemException>(() => tasks[2]);
        await Assert.ThrowsAsync<UnknownEventTypeException>(() => batches.Facts(strange));

        var answer = await one.Service.Send("POST", $"/v1/orders/{strange}/confirm");
        Assert.Equal((503, "projection-behind", "1"), (answer.Status, answer.Code, answer.Header("Retry-After")));
        Assert.Equal(3, await one.Service.Query<long>($"select count(*) from events.mt_events where stream_id = '{strange}'"));
    }

    [Fact]
    public async Task An_order_whose_view_is_missing_is_neither_new_nor_unknown()
    {
        var id = await raw.Lying(("order_created", """{"customerId":"ada"}"""));
        var create = await one.Service.Send("POST", "/v1/orders", new { orderId = id, customerId = "ada" });
        Assert.Equal((503, "projection-behind"), (create.Status, create.Code));
        Assert.Equal("projection-behind", (await one.Service.Send("POST", $"/v1/orders/{id}/confirm")).Code);
    }
}
