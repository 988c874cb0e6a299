using OrderMonolith.Operations;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>What demo orders are like.</summary>
public sealed class SeedOrders(Postgres postgres)
{
    static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_same_seed_and_number_make_the_same_order()
    {
        Assert.Equal(DemoOrder.Make(7, 1, Now).Id, DemoOrder.Make(7, 1, Now).Id);
        Assert.Equal(DemoOrder.Make(7, 1, Now).Facts, DemoOrder.Make(7, 1, Now).Facts);
        Assert.Equal(2, new[] { DemoOrder.Make(7, 2, Now), DemoOrder.Make(8, 1, Now) }.Select(order => order.Id).Except([DemoOrder.Make(7, 1, Now).Id]).Count());
    }

    [Fact]
    public void There_are_orders_of_every_status_customer_and_currency_and_all_lie_in_the_past()
    {
        var orders = Enumerable.Range(1, 500).Select(n => DemoOrder.Make(1, n, Now)).ToList();
        var states = orders.Select(made => made.Facts.Aggregate(new Order { Id = made.Id }, (order, fact) => order.After(fact.Fact, fact.At))).ToList();

        Assert.Equal(3, states.Select(order => order.Status).Distinct().Count());
        Assert.Equal(3, states.Select(order => order.Currency).Distinct().Count());
        Assert.InRange(states.Select(order => order.CustomerId).Distinct().Count(), 10, 50);
        Assert.All(states, order => Assert.True(order.LastUpdated <= Now && order.CreatedAt >= Now.AddDays(-90)));
        Assert.All(orders, order => Assert.Equal(order.Facts.Select(fact => fact.At).Order(), order.Facts.Select(fact => fact.At)));
    }

    [Fact]
    public async Task Seeding_again_makes_only_what_is_not_there()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var clock = new MicrosecondClock(TimeProvider.System);
        var first = await Seeding.Run(shop.Store, clock, 7, 250, new Seen(_ => { }), TestContext.Current.CancellationToken);
        var again = await Seeding.Run(shop.Store, clock, 7, 300, new Seen(_ => { }), TestContext.Current.CancellationToken);

        Assert.Equal((250, 0), (first.Created, first.AlreadyThere));
        Assert.Equal((50, 250), (again.Created, again.AlreadyThere));
        Assert.Equal([$"{first.EventsAppended + again.EventsAppended}"], await shop.Query("select count(*) from events.mt_events where user_name = 'system'"));
    }
}
