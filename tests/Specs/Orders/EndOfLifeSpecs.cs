using OrderMonolith.Orders;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

public sealed class ConfirmOrderSpecs
{
    [Fact]
    public void An_order_with_a_line_can_be_confirmed() =>
        Given(Created, Added("tea", 1, 1)).When(new ConfirmOrder()).Then(Confirmed);

    [Fact]
    public void An_empty_one_cannot() =>
        Given(Created).When(new ConfirmOrder()).ThenRefused("order-is-empty");

    [Fact]
    public void Nor_one_that_was_emptied() =>
        Given(Created, Added("tea", 1, 1), Removed("tea", 1, 1)).When(new ConfirmOrder()).ThenRefused("order-is-empty");

    [Fact]
    public void Confirming_twice_changes_nothing() =>
        Given(Created, Added("tea", 1, 1), Confirmed).When(new ConfirmOrder()).ThenNothing();

    [Fact]
    public void A_cancelled_order_stays_cancelled() =>
        Given(Created, Added("tea", 1, 1), Cancelled).When(new ConfirmOrder()).ThenRefused("order-not-pending");
}

public sealed class CancelOrderSpecs
{
    [Fact]
    public void A_pending_order_can_be_cancelled() =>
        Given(Created).When(new CancelOrder("too late")).Then(new OrderCancelled("too late"));

    [Fact]
    public void So_can_a_confirmed_one() =>
        Given(Created, Added("tea", 1, 1), Confirmed).When(new CancelOrder("too late")).Then(new OrderCancelled("too late"));

    [Fact]
    public void Nobody_has_to_say_why() =>
        Given(Created).When(new CancelOrder()).Then(new OrderCancelled());

    [Fact]
    public void Cancelling_twice_changes_nothing_whatever_the_reason() =>
        Given(Created, Cancelled).When(new CancelOrder("another reason")).ThenNothing();

    [Fact]
    public void The_order_keeps_its_lines_and_the_reason()
    {
        var order = Given(Created, Added("tea", 2, 3), new OrderCancelled("too late"));
        Assert.Equal((OrderStatus.Cancelled, "too late", 6m), (order.Status, order.CancelReason, order.TotalAmount));
    }
}

public sealed class OrderSpecs
{
    [Fact]
    public void Items_are_counted_by_product() =>
        Assert.Equal(2, Given(Created, Added("tea", 5, 1), Added("tea", 5, 2), Added("mug", 1, 1)).ItemCount);

    [Fact]
    public void Money_is_exact() =>
        Assert.Equal(0.3m + 999_999.9999m * 1_000_000, Given(Created, Added("a", 3, 0.1m), Added("b", 1_000_000, 999_999.9999m)).TotalAmount);

    [Fact]
    public void The_largest_order_has_an_exact_total() =>
        Assert.Equal(
            5_000_000_000_000_000m,
            Given([Created, .. Enumerable.Range(1, Bounds.MostLines).Select(i => Added($"p{i}", Bounds.MostUnits, Bounds.HighestPrice))]).TotalAmount);

    [Fact]
    public void It_begins_with_its_first_event_and_was_last_updated_by_its_latest()
    {
        var order = Nothing.After(Created, Noon).After(Added("tea", 1, 1), Noon.AddSeconds(1)).After(Confirmed, Noon.AddSeconds(2));
        Assert.Equal((3, Noon, Noon.AddSeconds(2)), (order.Version, order.CreatedAt, order.LastUpdated));
    }

    [Fact]
    public void Orders_of_the_first_generation_were_in_dollars() =>
        Assert.Equal("USD", Given(new OrderCreated("ada")).Currency);
}
