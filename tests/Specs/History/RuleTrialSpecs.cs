using FsCheck.Xunit;
using OrderMonolith.History;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.PastEvents;

namespace OrderMonolith.Specs;

/// <summary>Rules that are not in force, tried on what happened.</summary>
[Properties(Arbitrary = [typeof(Histories)], QuietOnSuccess = true)]
public sealed class RuleTrialSpecs
{
    static readonly OrderEvent[] Lived =
        [new OrderCreated("ada", "EUR"), new ItemAdded("tea", 2, 9.5m), new ItemAdded("mug", 1, 4), new ItemRemoved("tea", 1, 9.5m), new OrderConfirmed()];

    [Property]
    public void The_rules_as_they_are_change_nothing_that_they_decided(LawfulHistory lived) => Assert.Null(Try("today", lived.Facts).Changed);

    [Fact]
    public void The_rules_as_they_are_tell_what_they_would_never_have_decided()
    {
        var (changed, summary) = Try("today", [.. Lived, new ItemAdded("late", 1, 1), new OrderCancelled("late")]);
        Assert.Equal([new WhatIfRefusal(6, null, "order-not-pending")], changed?.Refusals);
        Assert.Equal((1, 1, 1), (summary.Orders, summary.Changed, summary.Refused["order-not-pending"]));
    }

    [Theory]
    [InlineData("most-lines=1", 9.5, "3 order-too-large")]
    [InlineData("most-lines=2", null, "")]
    [InlineData("most-units=1", 4.0, "2 order-too-large, 4 item-not-in-order")]
    [InlineData("most-units=2", null, "")]
    [InlineData("highest-price=4", 4.0, "2 price-too-high, 4 item-not-in-order")]
    [InlineData("highest-price=9.5", null, "")]
    [InlineData("least-total=13.51", 13.5, "5 order-too-small")]
    [InlineData("least-total=13.5", null, "")]
    [InlineData("price-change=-10", 12.15, "")]
    [InlineData("price-decimals=0", 14.0, "")]
    [InlineData("price-decimals=1", null, "")]
    public void A_rule_tells_what_would_not_have_happened_and_what_the_order_would_come_to(string rule, double? total, string refusals)
    {
        var (changed, _) = Try(rule, Lived);
        Assert.Equal((decimal?)total, changed?.WouldBe.TotalAmount);
        Assert.Equal(refusals, string.Join(", ", changed?.Refusals.Select(r => $"{r.Version} {r.Code}") ?? []));
    }

    [Fact]
    public void What_happened_before_stands()
    {
        var second = Specification.Noon.AddMinutes(2);
        Assert.Equal((9.5m, OrderStatus.Confirmed), Outline(Try("highest-price=3", Lived, second.AddMicroseconds(1))));
        Assert.Equal((0m, OrderStatus.Pending), Outline(Try("highest-price=3", Lived, second)));
        Assert.Null(Try("highest-price=3", Lived, second.AddMinutes(9)).Changed);

        static (decimal, OrderStatus) Outline((ChangedOrder? Changed, RuleTrialSummary) tried) => (tried.Changed!.WouldBe.TotalAmount, tried.Changed.WouldBe.Status);
    }

    [Theory]
    [InlineData(1, 1.9)]
    [InlineData(2, 1.0)]
    [InlineData(3, 1.0)]
    [InlineData(4, 1.0)]
    public void What_was_added_at_the_old_price_is_removed_at_it_after_what_was_added_at_the_new_one(int units, double more)
    {
        OrderEvent[] lived = [new OrderCreated("ada"), new ItemAdded("tea", 2, 9), new ItemAdded("tea", 2, 9), new ItemRemoved("tea", units, 9), new ItemAdded("mug", 1, 10), new OrderConfirmed()];
        var (changed, _) = Try("price-change=10", lived, Specification.Noon.AddMinutes(3));
        Assert.Empty(changed!.Refusals);
        Assert.Equal(changed.Was.TotalAmount + (decimal)more, changed.WouldBe.TotalAmount);
    }

    [Fact]
    public void Confirmed_orders_are_summed_by_currency()
    {
        var trial = new RuleTrial(CandidateRule.Parse("least-total=10")!, DateTimeOffset.MinValue);
        foreach (var facts in (OrderEvent[][])[Lived, [.. Lived[..2], Lived[4]], [new OrderCreated("bob", "JPY"), new ItemAdded("mug", 1, 9), new OrderConfirmed()], [.. Lived, new OrderCancelled()]])
            trial.Take(Of(facts));
        Assert.Equal((4, 1), (trial.Summary.Orders, trial.Summary.Changed));
        Assert.Equal(new(2, 2, 32.5m, 32.5m), trial.Summary.Confirmed["EUR"]);
        Assert.Equal(new(1, 0, 9, 0), trial.Summary.Confirmed["JPY"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no-such-rule")]
    [InlineData("today=1")]
    [InlineData("most-lines")]
    [InlineData("most-lines=")]
    [InlineData("most-lines=0")]
    [InlineData("most-lines=1.5")]
    [InlineData("most-lines=5001")]
    [InlineData("least-total=-1")]
    [InlineData("price-change=1e3")]
    [InlineData("price-change=-100.01")]
    public void What_is_no_rule_is_none(string text) => Assert.Null(CandidateRule.Parse(text));

    static (ChangedOrder? Changed, RuleTrialSummary Summary) Try(string rule, IReadOnlyList<OrderEvent> facts, DateTimeOffset since = default)
    {
        var trial = new RuleTrial(CandidateRule.Parse(rule)!, since);
        return (trial.Take(Of(facts)), trial.Summary);
    }
}
