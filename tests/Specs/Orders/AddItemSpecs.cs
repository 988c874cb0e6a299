using OrderMonolith.Orders;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

public sealed class AddItemSpecs
{
    [Fact]
    public void A_product_is_added_as_it_is_told() =>
        Given(Created).When(new AddItem("tea", 2, 9.5m, "Earl Grey")).Then(Added("tea", 2, 9.5m, "Earl Grey"));

    [Fact]
    public void A_gift_costs_nothing() =>
        Given(Created).When(new AddItem("sample", 1, 0)).Then(Added("sample", 1, 0));

    [Fact]
    public void A_confirmed_order_takes_no_more() =>
        Given(Created, Added("tea", 1, 1), Confirmed).When(new AddItem("tea", 1, 1)).ThenRefused("order-not-pending");

    [Fact]
    public void A_cancelled_order_takes_no_more() =>
        Given(Created, Cancelled).When(new AddItem("tea", 1, 1)).ThenRefused("order-not-pending");

    [Fact]
    public void The_same_price_raises_the_quantity() =>
        Assert.Equal([new OrderLine("tea", 3, 9.5m)], Given(Created, Added("tea", 1, 9.5m), Added("tea", 2, 9.5000m)).Lines);

    [Fact]
    public void Another_price_makes_another_line() =>
        Assert.Equal([new("tea", 1, 9.5m), new("tea", 2, 9.51m)], Given(Created, Added("tea", 1, 9.5m), Added("tea", 2, 9.51m)).Lines);

    [Fact]
    public void Products_differ_by_every_character() =>
        Assert.Equal(3, Given(Created, Added("tea", 1, 1), Added("Tea", 1, 1), Added("te\u0301a", 1, 1)).ItemCount);

    [Fact]
    public void Lines_stand_in_the_order_of_their_first_add() =>
        Assert.Equal(
            ["tea", "mug", "jam"],
            Given(Created, Added("tea", 1, 1), Added("mug", 1, 1), Added("tea", 1, 1), Added("jam", 1, 1), Added("mug", 1, 1)).Lines.Select(l => l.ProductId));

    [Fact]
    public void A_line_that_went_and_came_back_stands_last() =>
        Assert.Equal(
            ["mug", "tea"],
            Given(Created, Added("tea", 1, 1), Added("mug", 1, 1), Removed("tea", 1, 1), Added("tea", 1, 1)).Lines.Select(l => l.ProductId));

    [Fact]
    public void The_last_description_given_wins() =>
        Assert.Equal("Grey", Given(Created, Added("tea", 1, 1, "Earl"), Added("tea", 1, 1, "Grey"), Added("tea", 1, 1)).Lines.Single().Description);

    [Fact]
    public void A_description_belongs_to_its_line_only() =>
        Assert.Equal(["Earl", null], Given(Created, Added("tea", 1, 1, "Earl"), Added("tea", 1, 2)).Lines.Select(l => l.Description));

    [Fact]
    public void A_line_may_be_filled_to_the_brim() =>
        Given(Created, Added("tea", Bounds.MostUnits - 1, 1)).When(new AddItem("tea", 1, 1)).Then(Added("tea", 1, 1));

    [Fact]
    public void But_not_further() =>
        Given(Created, Added("tea", Bounds.MostUnits - 1, 1)).When(new AddItem("tea", 2, 1)).ThenRefused("order-too-large");

    [Fact]
    public void A_sum_beyond_all_integers_is_too_many_as_well() =>
        Given(Created, Added("tea", 1, 1)).When(new AddItem("tea", int.MaxValue, 1)).ThenRefused("order-too-large");

    [Fact]
    public void The_brim_is_each_lines_own() =>
        Given(Created, Added("tea", Bounds.MostUnits, 1)).When(new AddItem("tea", Bounds.MostUnits, 2)).Then(Added("tea", Bounds.MostUnits, 2));

    [Fact]
    public void The_last_line_of_all_fits() =>
        Given([Created, .. Lines(Bounds.MostLines - 1)]).When(new AddItem("new", 1, 1)).Then(Added("new", 1, 1));

    [Fact]
    public void One_line_more_does_not() =>
        Given([Created, .. Lines(Bounds.MostLines)]).When(new AddItem("new", 1, 1)).ThenRefused("order-too-large");

    [Fact]
    public void A_new_price_is_a_line_more() =>
        Given([Created, .. Lines(Bounds.MostLines)]).When(new AddItem("p1", 1, 2)).ThenRefused("order-too-large");

    [Fact]
    public void A_full_order_still_takes_units_on_its_lines() =>
        Given([Created, .. Lines(Bounds.MostLines)]).When(new AddItem("p1", 1, 1)).Then(Added("p1", 1, 1));
}
