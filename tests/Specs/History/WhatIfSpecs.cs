using FsCheck.Xunit;
using OrderMonolith.History;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.PastEvents;

namespace OrderMonolith.Specs;

/// <summary>Another past: facts are folded anew, and what no longer fits is told.</summary>
[Properties(Arbitrary = [typeof(Histories)], QuietOnSuccess = true)]
public sealed class WhatIfSpecs
{
    static readonly OrderEvent[] Lived = [new OrderCreated("ada"), new ItemAdded("tea", 2, 9.5m), new ItemAdded("mug", 1, 4), new ItemRemoved("tea", 1, 9.5m), new OrderConfirmed()];

    [Property]
    public void Without_a_difference_it_is_what_was(AnyHistory any)
    {
        if (any.Facts.Length == 0) return;
        var same = If(any.Facts, new());
        Assert.Equal(Of(any.Facts).AsOf(any.Facts.Length), same.Order);
        Assert.Empty(same.Refusals);
        Assert.Empty(same.Patch);
    }

    [Property]
    public void A_command_decides_as_it_would_now(LawfulHistory lived, IOrderCommand command)
    {
        var then = If(lived.Facts, new(Commands: [command]));
        var decision = command.Decide(lived.Order);
        Assert.Equal(decision.Events.Count, then.Events.Count);
        Assert.Equal(decision.Rejection?.Code, then.Refusals.SingleOrDefault()?.Code);
    }

    [Fact]
    public void What_needs_what_was_dropped_is_left_out_and_told()
    {
        var then = If(Lived, new(Drop: [2]));
        Assert.Equal([new WhatIfRefusal(4, null, "item-not-in-order")], then.Refusals);
        Assert.Equal((OrderStatus.Confirmed, 4m, 3L), (then.Order.Status, then.Order.TotalAmount, then.Order.Version));
    }

    [Fact]
    public void Commands_decide_one_after_another_on_what_is_left()
    {
        var then = If(Lived, new(Drop: [5], Commands: [new RemoveItem("tea"), new RemoveItem("tea"), new AddItem("jam", 1, 3), new ConfirmOrder()]));
        Assert.Equal([new WhatIfRefusal(null, 2, "item-not-in-order")], then.Refusals);
        Assert.Equal(["ItemRemoved", "ItemAdded", "OrderConfirmed"], then.Events.Select(e => e.Type));
        Assert.Equal(["mug", "jam"], then.Order.Lines.Select(line => line.ProductId));
    }

    static WhatIf If(IReadOnlyList<OrderEvent> facts, WhatIfRequest request) => WhatIf.Of(Of(facts), request, Specification.Noon, fact => fact.GetType().Name);
}
