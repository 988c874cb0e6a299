using OrderMonolith.Commands;
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
    public void The_shop_grows_with_its_orders_and_few_customers_and_products_make_up_much_of_it()
    {
        var (early, late) = (Made(1), Made(1_000_000));

        Assert.InRange(Customers(early).Count(), 10, 24);
        Assert.InRange(Products(early).Count(), 10, 56);
        Assert.InRange(Customers(late).Count(), 1_000, 2_000);
        Assert.InRange(Products(late).Count(), 500, 2_000);
        Assert.InRange(Customers(late).Max(customer => customer.Count()), 20, 80);
        Assert.InRange(Products(late).Max(product => product.Count()), 80, 300);

        static List<PastOrder> Made(int first) => [.. Enumerable.Range(first, first == 1 ? 200 : 2_000).Select(n => DemoOrder.Make(1, n, Now))];
        static IEnumerable<IGrouping<string, OrderCreated>> Customers(List<PastOrder> orders) =>
            orders.SelectMany(order => order.Facts).Select(fact => fact.Fact).OfType<OrderCreated>().GroupBy(created => created.CustomerId);
        static IEnumerable<IGrouping<string, Guid>> Products(List<PastOrder> orders) =>
            orders.SelectMany(order => order.Facts.Select(fact => fact.Fact).OfType<ItemAdded>().Select(added => (added.ProductId, order.Id)).Distinct()).GroupBy(added => added.ProductId, added => added.Id);
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
