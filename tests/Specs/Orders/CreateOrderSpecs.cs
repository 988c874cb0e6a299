using OrderMonolith.Orders;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

public sealed class CreateOrderSpecs
{
    [Fact]
    public void An_order_may_begin_empty() =>
        Nothing.When(new CreateOrder("ada")).Then(new OrderCreated("ada", "USD"));

    [Fact]
    public void It_keeps_the_currency_it_began_with() =>
        Nothing.When(new CreateOrder("ada", "EUR")).Then(new OrderCreated("ada", "EUR"));

    [Fact]
    public void A_whole_checkout_is_one_decision() =>
        Nothing.When(new CreateOrder("ada", Items: [new("tea", 2, 9.5m, "Earl Grey"), new("mug", 1, 4)], Confirm: true))
            .Then(new OrderCreated("ada"), Added("tea", 2, 9.5m, "Earl Grey"), Added("mug", 1, 4), Confirmed);

    [Fact]
    public void Items_alone_leave_it_pending() =>
        Nothing.When(new CreateOrder("ada", Items: [new("tea", 2, 9.5m)])).Then(new OrderCreated("ada"), Added("tea", 2, 9.5m));

    [Fact]
    public void An_id_is_used_once() =>
        Given(Created).When(new CreateOrder("ada")).ThenRefused("order-already-exists");

    [Fact]
    public void Even_by_an_order_that_was_cancelled() =>
        Given(Created, Cancelled).When(new CreateOrder("ada")).ThenRefused("order-already-exists");

    [Fact]
    public void An_empty_order_cannot_be_confirmed_at_once() =>
        Nothing.When(new CreateOrder("ada", Confirm: true)).ThenRefused("order-is-empty");

    [Fact]
    public void No_items_are_no_items() =>
        Nothing.When(new CreateOrder("ada", Items: [], Confirm: true)).ThenRefused("order-is-empty");

    [Fact]
    public void Items_of_one_product_at_one_price_make_one_line()
    {
        var order = Given(Nothing.When(new CreateOrder("ada", Items: [new("tea", 2, 9.5m), new("tea", 3, 9.50m)])).Events);
        Assert.Equal([new OrderLine("tea", 5, 9.5m)], order.Lines);
    }

    [Fact]
    public void One_item_too_many_and_there_is_no_order() =>
        Nothing.When(new CreateOrder("ada", Items: [.. Products(Bounds.MostLines + 1)], Confirm: true)).ThenRefused("order-too-large");

    [Fact]
    public void As_many_lines_as_an_order_holds_may_come_at_once() =>
        Assert.Equal(Bounds.MostLines + 2, Nothing.When(new CreateOrder("ada", Items: [.. Products(Bounds.MostLines)], Confirm: true)).Events.Count);

    [Fact]
    public void As_many_prices_of_one_product_too() =>
        Assert.Equal(Bounds.MostLines, Given(Nothing.When(new CreateOrder("ada", Items: [.. Prices(Bounds.MostLines)])).Events).Lines.Count);

    [Fact]
    public void More_items_than_lines_are_fine_where_they_share_lines() =>
        Assert.Equal(Bounds.MostLines + 2, Nothing.When(new CreateOrder("ada", Items: [.. Products(Bounds.MostLines), new("p1", 1, 1)])).Events.Count);

    [Fact]
    public void Items_that_sum_to_too_many_units_leave_no_order() =>
        Nothing.When(new CreateOrder("ada", Items: [new("tea", Bounds.MostUnits, 1), new("mug", 1, 1), new("tea", 1, 1)])).ThenRefused("order-too-large");

    static IEnumerable<AddItem> Products(int count) => Enumerable.Range(1, count).Select(i => new AddItem($"p{i}", 1, 1));

    static IEnumerable<AddItem> Prices(int count) => Enumerable.Range(1, count).Select(i => new AddItem("tea", 1, i));
}
