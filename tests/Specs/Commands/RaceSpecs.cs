using OrderMonolith.Orders;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>Another node may be faster; what was decided on the old state is then decided again on the new one.</summary>
public sealed class RaceSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);

    [Fact]
    public async Task Who_loses_a_race_decides_again_on_the_fresh_state()
    {
        var id = await batches.NewOrder();
        var seen = new List<long>();
        var outcome = await batches.Run(id, Racing(id, seen, races: 1));
        Assert.Equal([2L, 3L], seen);
        Assert.Equal(4, outcome.Order?.Version);
        Assert.Equal(new ItemAdded("mug", 1, 4), (await batches.Facts(id))[2]);
    }

    [Fact]
    public async Task Who_always_loses_is_told_so_in_the_end_and_nothing_was_done()
    {
        var id = await batches.NewOrder();
        var seen = new List<long>();
        var outcome = await batches.Run(id, Racing(id, seen, races: int.MaxValue));
        Assert.Equal(("concurrent-change", 11L), (outcome.Rejection?.Code, outcome.CurrentVersion));
        Assert.Equal(9, seen.Count);
        Assert.DoesNotContain((await batches.Facts(id)).Skip(2), fact => fact is ItemAdded { ProductId: "tea" });
    }

    [Fact]
    public async Task Who_named_a_version_hears_of_the_new_one()
    {
        var id = await batches.NewOrder();
        var outcome = await batches.Run(id, Racing(id, [], races: 1), 2);
        Assert.Equal(("version-conflict", 3L), (outcome.Rejection?.Code, outcome.CurrentVersion));
    }

    [Fact]
    public async Task What_no_longer_fits_is_refused_after_all()
    {
        var id = await batches.NewOrder();
        var outcome = await batches.Run(id, new Deciding(order =>
        {
            if (order.Version == 2) batches.Elsewhere(id, new OrderCancelled());
            return Tea.Decide(order);
        }));
        Assert.Equal("order-not-pending", outcome.Rejection?.Code);
    }

    [Fact]
    public async Task A_lost_race_costs_the_others_in_the_batch_nothing()
    {
        var (raced, calm) = (await batches.NewOrder(), await batches.NewOrder());
        var outcomes = await Task.WhenAll(await batches.Together(On(calm, Tea), On(raced, Racing(raced, [], races: 1)), On(calm, Tea), On(raced, Tea)));
        Assert.Equal([3L, 4L, 4L, 5L], outcomes.Select(outcome => outcome.Order?.Version ?? 0));
    }

    [Fact]
    public async Task Of_two_who_create_the_same_order_one_is_too_late()
    {
        var (other, contested) = (await batches.NewOrder(), Guid.CreateVersion7());
        var raced = false;
        var outcomes = await Task.WhenAll(await batches.Together(
            On(other, new Deciding(_ =>
            {
                if (!raced) batches.Elsewhere(contested, new OrderCreated("bob"));
                raced = true;
                return Decision.Nothing;
            })),
            On(contested, new CreateOrder("ada"))));
        Assert.Equal(("order-already-exists", 1L), (outcomes[1].Rejection?.Code, outcomes[1].CurrentVersion));
        Assert.Equal([new OrderCreated("bob")], await batches.Facts(contested));
    }

    [Fact]
    public async Task Two_nodes_on_the_same_orders_lose_nothing_and_never_wait_in_a_circle()
    {
        var nodes = new[] { batches.Runner, await batches.AnotherNode() };
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList();
        var created = await Task.WhenAll(ids.SelectMany(id => nodes.Select(node => node.Run(On(id, new CreateOrder("ada"))))));
        Assert.Equal(5, created.Count(outcome => outcome.Order is not null));
        Assert.Equal(5, created.Count(outcome => outcome.Rejection?.Code == "order-already-exists"));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => nodes[i % 2].Run(On(ids[i * 7 % 5], Tea))));
        await nodes[1].StopAsync(TestContext.Current.CancellationToken);
        Assert.All(outcomes, outcome => Assert.True(outcome.Rejection is null or { Code: "concurrent-change" }));
        Assert.True(outcomes.Count(outcome => outcome.Order is not null) > 300);
        foreach (var id in ids)
        {
            var accepted = outcomes.Where(outcome => outcome.Order?.Id == id).Select(outcome => outcome.Order!.Version);
            var facts = await batches.Facts(id);
            Assert.Equal(Enumerable.Range(2, facts.Count - 1).Select(version => (long)version), accepted.Order());
        }
    }

    [Fact]
    public async Task Times_never_go_back_whatever_the_clocks_say()
    {
        var id = await batches.NewOrder();
        var late = await batches.AnotherNode(new YesterdaysClock());
        await late.Run(On(id, Tea));
        await late.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await one.Service.Query<long>($"select count(distinct timestamp) from events.mt_events where stream_id = '{id}'"));
    }

    /// <summary>A tea, while another node adds a mug so many times.</summary>
    Deciding Racing(Guid id, List<long> seen, int races) => new(order =>
    {
        seen.Add(order.Version);
        if (seen.Count <= races) batches.Elsewhere(id, new ItemAdded("mug", 1, 4));
        return Tea.Decide(order);
    });

    sealed class YesterdaysClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddDays(-1);
    }
}
