using System.Numerics;
using System.Text.Json;
using FsCheck.Xunit;
using JasperFx.Events;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;

namespace OrderMonolith.Specs;

/// <summary>What holds for every history.</summary>
[Properties(Arbitrary = [typeof(Histories)], QuietOnSuccess = true)]
public sealed class Laws
{
    [Property]
    public void A_fold_never_throws_and_counts_every_event(AnyHistory history) =>
        Assert.Equal(history.Facts.Length, history.Order.Version);

    [Property]
    public void A_decision_never_throws_and_is_either_facts_or_a_refusal(AnyHistory history, IOrderCommand command)
    {
        var decision = command.Decide(history.Order);
        Assert.True(decision.Rejection is null || decision.Events.Count == 0);
    }

    [Property]
    public void No_line_has_less_than_one_unit(AnyHistory history) =>
        Assert.All(history.Order.Lines, line => Assert.InRange(line.Quantity, 1, int.MaxValue));

    [Property]
    public void Items_are_distinct_products(AnyHistory history) =>
        Assert.Equal(history.Order.Lines.Select(line => line.ProductId).Distinct().Count(), history.Order.ItemCount);

    [Property]
    public void Lines_are_what_a_plain_list_would_hold(AnyHistory history)
    {
        var plain = history.Facts.Aggregate(new PlainLines(), (lines, fact) => lines.With(fact));
        var order = history.Order;
        Assert.Equal(plain.Lines, order.Lines);
        Assert.All(plain.Lines, line => Assert.Equal(line, order.Lines.Find(line.ProductId, line.UnitPrice)));
        Assert.All(plain.Lines.GroupBy(line => line.ProductId), its => Assert.Equal(its.Reverse(), order.Lines.Of(its.Key)));
    }

    [Property]
    public void Earlier_states_do_not_change_when_later_ones_are_made(AnyHistory history)
    {
        var states = history.Facts.Select((_, i) => Specification.Given(history.Facts[..i])).ToList();
        var order = new Order();
        foreach (var (fact, before) in history.Facts.Zip(states))
        {
            var after = order.After(fact, Specification.Noon);
            Assert.Equal(before, order);
            order = after;
        }
    }

    [Property]
    public void An_order_read_back_is_the_order_written_and_decides_alike(LawfulHistory history, IOrderCommand command)
    {
        var json = JsonSerializer.Serialize(history.Order, Json.Stored);
        var back = JsonSerializer.Deserialize<Order>(json, Json.Stored)!;
        Assert.Equal(history.Order, back);
        Assert.Equal(json, JsonSerializer.Serialize(back, Json.Stored));
        Assert.Equal(command.Decide(history.Order).Events, command.Decide(back).Events);
    }

    [Property]
    public void The_total_is_exact(LawfulHistory history) =>
        Assert.Equal(
            history.Order.Lines.Aggregate(BigInteger.Zero, (sum, line) => sum + line.Quantity * new BigInteger(line.UnitPrice * 10_000)),
            new BigInteger(history.Order.TotalAmount * 10_000));

    [Property]
    public void The_rules_never_lead_beyond_the_bounds(LawfulHistory history) =>
        Assert.All(history.Order.Lines, line => Assert.InRange(line.Quantity, 1, Bounds.MostUnits));

    [Property]
    public void Confirming_cancelling_or_removing_a_product_twice_adds_nothing(AnyHistory history)
    {
        foreach (IOrderCommand command in new IOrderCommand[] { new ConfirmOrder(), new CancelOrder("again"), new RemoveItem("tea") })
            Assert.Empty(command.Decide(After(history.Order, command)).Events);
    }

    [Property]
    public void A_removed_product_is_gone(LawfulHistory history) =>
        Assert.True(history.Order.Status is not OrderStatus.Pending || !After(history.Order, new RemoveItem("tea")).Lines.Of("tea").Any());

    [Property]
    public void What_was_added_can_be_removed_and_nothing_remains(LawfulHistory history)
    {
        var order = history.Order;
        if (order.Status is not OrderStatus.Pending) return;
        var empty = order.Lines.Select(line => line.ProductId).Distinct().Aggregate(order, (o, product) => After(o, new RemoveItem(product)));
        Assert.Equal((0, 0, 0m), (empty.Lines.Count, empty.ItemCount, empty.TotalAmount));
    }

    [Property]
    public void The_summary_agrees_with_the_order(LawfulHistory history)
    {
        var order = history.Order;
        var summary = history.Facts.Select((fact, i) => Stored(fact, i + 1))
            .Aggregate((OrderSummary?)null, (s, e) => new OrderSummaryProjection().Evolve(s, e.StreamId, e))!;
        Assert.Equal(
            (order.CustomerId, order.Currency, order.Status, order.ItemCount, order.TotalAmount, order.Version, order.CreatedAt, order.LastUpdated),
            (summary.CustomerId, summary.Currency, summary.Status, summary.ItemCount, summary.TotalAmount, summary.Version, summary.CreatedAt, summary.LastUpdated));
        Assert.Equal(order.Lines.GroupBy(l => l.ProductId).ToDictionary(its => its.Key, its => its.Sum(l => (long)l.Quantity)), summary.Products);
    }

    static Order After(Order order, IOrderCommand command) =>
        command.Decide(order).Events.Aggregate(order, (o, fact) => o.After(fact, Specification.Noon));

    static IEvent Stored(OrderEvent fact, int version)
    {
        var e = ((object)fact).AsEvent();
        (e.Version, e.Timestamp) = (version, Specification.Noon);
        return e;
    }

    /// <summary>The same lines the slow and obvious way.</summary>
    sealed record PlainLines
    {
        public List<OrderLine> Lines { get; } = [];

        public PlainLines With(OrderEvent fact)
        {
            switch (fact)
            {
                case ItemAdded { Quantity: > 0 } e when Place(e.ProductId, e.UnitPrice) is >= 0 and var i:
                    Lines[i] = Lines[i] with { Quantity = (int)long.Min((long)Lines[i].Quantity + e.Quantity, int.MaxValue), Description = e.Description ?? Lines[i].Description };
                    break;
                case ItemAdded { Quantity: > 0 } e:
                    Lines.Add(new(e.ProductId, e.Quantity, e.UnitPrice, e.Description));
                    break;
                case ItemRemoved { Quantity: > 0 } e when Place(e.ProductId, e.UnitPrice) is >= 0 and var i:
                    Lines[i] = Lines[i] with { Quantity = Lines[i].Quantity - e.Quantity };
                    Lines.RemoveAll(line => line.Quantity < 1);
                    break;
                default:
                    break;
            }

            return this;
        }

        int Place(string productId, decimal unitPrice) => Lines.FindIndex(line => line.ProductId == productId && line.UnitPrice == unitPrice);
    }
}
