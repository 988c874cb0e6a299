using OrderMonolith.Orders;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

public sealed class RemoveItemSpecs
{
    static readonly Order TeaAtTwoPrices = Given(Created, Added("tea", 3, 10), Added("mug", 1, 4), Added("tea", 2, 12));

    [Fact]
    public void Part_of_a_line_can_be_removed() =>
        Given(Created, Added("tea", 2, 10)).When(new RemoveItem("tea", 1)).Then(Removed("tea", 1, 10));

    [Fact]
    public void Without_a_quantity_the_whole_product_goes() =>
        TeaAtTwoPrices.When(new RemoveItem("tea")).Then(Removed("tea", 2, 12), Removed("tea", 3, 10));

    [Fact]
    public void Units_go_from_the_most_recently_added_price_first() =>
        TeaAtTwoPrices.When(new RemoveItem("tea", 1)).Then(Removed("tea", 1, 12));

    [Fact]
    public void And_then_from_the_one_before() =>
        TeaAtTwoPrices.When(new RemoveItem("tea", 4)).Then(Removed("tea", 2, 12), Removed("tea", 2, 10));

    [Fact]
    public void A_line_that_is_emptied_exactly_leaves_the_others_alone() =>
        TeaAtTwoPrices.When(new RemoveItem("tea", 2)).Then(Removed("tea", 2, 12));

    [Fact]
    public void More_units_at_an_old_price_do_not_make_it_recent() =>
        Given(Created, Added("tea", 1, 10), Added("tea", 1, 12), Added("tea", 1, 10)).When(new RemoveItem("tea", 1)).Then(Removed("tea", 1, 12));

    [Fact]
    public void A_price_that_went_and_came_back_is_recent() =>
        Given(Created, Added("tea", 1, 10), Added("tea", 1, 12), Removed("tea", 1, 10), Added("tea", 1, 10))
            .When(new RemoveItem("tea", 1)).Then(Removed("tea", 1, 10));

    [Fact]
    public void All_units_by_number_are_the_whole_product() =>
        TeaAtTwoPrices.When(new RemoveItem("tea", 5)).Then(Removed("tea", 2, 12), Removed("tea", 3, 10));

    [Fact]
    public void More_units_than_there_are_cannot_be_removed() =>
        TeaAtTwoPrices.When(new RemoveItem("tea", 6)).ThenRefused("not-enough-items");

    [Fact]
    public void Nor_a_product_that_is_not_there() =>
        TeaAtTwoPrices.When(new RemoveItem("jam")).ThenRefused("item-not-in-order");

    [Fact]
    public void Nor_one_that_has_gone() =>
        Given(Created, Added("tea", 1, 1), Removed("tea", 1, 1)).When(new RemoveItem("tea", 1)).ThenRefused("item-not-in-order");

    [Fact]
    public void Nor_anything_from_a_confirmed_order() =>
        Given(Created, Added("tea", 1, 1), Confirmed).When(new RemoveItem("tea")).ThenRefused("order-not-pending");

    [Fact]
    public void Nor_from_a_cancelled_one_whatever_it_holds() =>
        Given(Created, Cancelled).When(new RemoveItem("tea")).ThenRefused("order-not-pending");

    [Fact]
    public void The_last_unit_takes_the_line_with_it() =>
        Assert.Empty(Given(Created, Added("tea", 1, 1), Removed("tea", 1, 1)).Lines);

    [Fact]
    public void A_full_product_at_many_prices_goes_whole()
    {
        var order = Given([Created, Added("tea", Bounds.MostUnits, 1), Added("tea", Bounds.MostUnits, 2), Added("tea", Bounds.MostUnits, 3)]);
        Assert.Equal(3, order.When(new RemoveItem("tea")).Events.Count);
    }
}
