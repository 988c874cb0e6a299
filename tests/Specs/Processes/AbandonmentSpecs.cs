using OrderMonolith.Orders;
using OrderMonolith.Processes;
using static OrderMonolith.Specs.Specification;

namespace OrderMonolith.Specs;

/// <summary>When an order counts as abandoned.</summary>
public sealed class AbandonmentSpecs
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void A_pending_order_is_abandoned_when_nobody_touched_it_for_so_long()
    {
        Assert.Equal(new Abandonment.Due(new CancelOrder("abandoned"), 2), Abandonment.Of(Given(Created, Added("tea", 1, 9.5m)), Hour, Noon + Hour));
        Assert.Equal(new Abandonment.NotYet(Noon + Hour), Abandonment.Of(Given(Created), Hour, Noon + Hour - TimeSpan.FromMicroseconds(1)));
    }

    [Fact]
    public void It_counts_from_the_last_touch()
    {
        var touched = Given(Created).After(Added("tea", 1, 9.5m), Noon.AddMinutes(40));
        Assert.Equal(new Abandonment.NotYet(Noon.AddMinutes(100)), Abandonment.Of(touched, Hour, Noon + Hour));
    }

    [Fact]
    public void What_is_decided_or_gone_is_left_alone_whatever_the_setting()
    {
        foreach (var after in (TimeSpan?[])[null, Hour])
        {
            Assert.Equal(new Abandonment.Over(), Abandonment.Of(Given(Created, Added("tea", 1, 9.5m), Confirmed), after, Noon.AddDays(9)));
            Assert.Equal(new Abandonment.Over(), Abandonment.Of(Given(Created, Cancelled), after, Noon.AddDays(9)));
            Assert.Equal(new Abandonment.Over(), Abandonment.Of(null, after, Noon.AddDays(9)));
        }
    }

    [Fact]
    public void While_it_is_off_orders_are_looked_at_once_a_day() => Assert.Equal(new Abandonment.NotYet(Noon.AddDays(8)), Abandonment.Of(Given(Created), null, Noon.AddDays(7)));

    [Fact]
    public void However_long_the_patience_a_changed_setting_is_noticed_within_a_day() =>
        Assert.Equal(new Abandonment.NotYet(Noon.AddDays(8)), Abandonment.Of(Given(Created), TimeSpan.FromDays(30), Noon.AddDays(7)));
}
