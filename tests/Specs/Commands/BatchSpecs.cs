using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>What waits is committed together, and nobody is harmed by what goes wrong for another.</summary>
public sealed class BatchSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);

    [Fact]
    public async Task What_waits_is_committed_together()
    {
        var ids = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToList();
        var outcomes = await Task.WhenAll(await batches.Together(ids.Select(id => On(id, new CreateOrder("ada")))));
        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.Order?.Version));
        Assert.Equal(1, await batches.Commits(ids));
    }

    [Fact]
    public async Task Commands_on_one_order_see_each_other_in_their_order()
    {
        var id = Guid.CreateVersion7();
        var outcomes = await Task.WhenAll(await batches.Together(
            On(id, Tea), On(id, new CreateOrder("ada")), On(id, Tea), On(id, Tea, 2), On(id, Tea, 2), On(id, new ConfirmOrder()), On(id, Tea), On(id, new ConfirmOrder())));
        Assert.Equal(
            ["order-not-found", "1", "2", "3", "version-conflict", "4", "order-not-pending", "4"],
            outcomes.Select(outcome => outcome.Rejection?.Code ?? $"{outcome.Order!.Version}"));
        Assert.Equal([new OrderCreated("ada"), new ItemAdded("tea", 1, 9.5m), new ItemAdded("tea", 1, 9.5m), new OrderConfirmed()], await batches.Facts(id));
    }

    [Fact]
    public async Task Each_is_told_its_own_place_in_history()
    {
        var id = await batches.NewOrder();
        var outcomes = await Task.WhenAll(await batches.Together(On(id, Tea), On(id, Tea), On(id, new ConfirmOrder()), On(id, new ConfirmOrder())));
        var stored = await one.Service.Query<long[]>($"select array_agg(seq_id order by version) from events.mt_events where stream_id = '{id}'");
        Assert.Equal([stored[2], stored[3], stored[4], stored[4]], outcomes.Select(outcome => outcome.Place?.Sequence));
    }

    [Fact]
    public async Task A_refusal_harms_nobody()
    {
        var (one, other) = (await batches.NewOrder(), await batches.NewOrder());
        var outcomes = await Task.WhenAll(await batches.Together(On(one, Tea), On(other, new RemoveItem("jam")), On(Guid.CreateVersion7(), Tea), On(other, Tea)));
        Assert.Equal([null, "item-not-in-order", "order-not-found", null], outcomes.Select(outcome => outcome.Rejection?.Code));
        Assert.Equal([3L, 3L], [outcomes[0].Order!.Version, outcomes[3].Order!.Version]);
    }

    [Fact]
    public async Task A_command_that_throws_harms_nobody_else()
    {
        var id = await batches.NewOrder();
        var tasks = await batches.Together(On(id, Tea), On(id, new Deciding(_ => throw new InvalidOperationException("poison"))), On(id, Tea));
        Assert.Equal(3, (await tasks[0]).Order?.Version);
        Assert.Equal("poison", (await Assert.ThrowsAsync<InvalidOperationException>(() => tasks[1])).Message);
        Assert.Equal(4, (await tasks[2]).Order?.Version);
        Assert.Equal(2, await batches.Commits(id));
    }

    [Fact]
    public async Task An_event_that_the_database_refuses_harms_nobody_else()
    {
        var (healthy, sick) = (await batches.NewOrder(), await batches.NewOrder());
        var tasks = await batches.Together(
            On(healthy, Tea), On(sick, Tea), On(sick, new Deciding(_ => new ItemAdded("a\0b", 1, 1))), On(sick, new ConfirmOrder()), On(healthy, Tea));
        foreach (var first in tasks[..2]) Assert.Equal(3, (await first).Order?.Version);
        Assert.Equal(4, (await tasks[4]).Order?.Version);
        Assert.Equal(4, (await tasks[3]).Order?.Version);
        await Assert.ThrowsAnyAsync<Exception>(() => tasks[2]);
        Assert.DoesNotContain(await batches.Facts(sick), fact => fact is ItemAdded { ProductId: not "tea" });
    }

    [Fact]
    public async Task A_checkout_of_the_largest_size_is_taken_beside_others()
    {
        var (large, small) = (Guid.CreateVersion7(), await batches.NewOrder());
        var checkout = new CreateOrder("ada", Items: [.. Enumerable.Range(1, Bounds.MostLines).Select(i => new AddItem($"p{i}", 1, 1))], Confirm: true);
        var outcomes = await Task.WhenAll(await batches.Together(On(small, Tea), On(large, checkout), On(small, Tea), On(large, checkout)));
        Assert.Equal(Bounds.MostLines + 2, outcomes[1].Order?.Version);
        Assert.Equal(4, outcomes[2].Order?.Version);
        Assert.Equal("order-already-exists", outcomes[3].Rejection?.Code);
    }

    [Fact]
    public async Task One_more_than_may_wait_is_turned_away_at_once()
    {
        var nobody = Guid.CreateVersion7();
        var tasks = await batches.Together(Enumerable.Repeat(On(nobody, Tea), CommandRunner.MostWaiting + 1));
        await Assert.ThrowsAsync<ServerBusyException>(() => tasks[^1]);
        Assert.All(await Task.WhenAll(tasks[..^1]), outcome => Assert.Equal("order-not-found", outcome.Rejection?.Code));
    }

    [Fact]
    public async Task More_items_than_may_wait_are_turned_away_however_few_commands_bring_them()
    {
        var checkout = new CreateOrder("ada", Items: [.. Enumerable.Range(1, Bounds.MostLines).Select(i => new AddItem($"p{i}", 1, 1)), new AddItem("p1", Bounds.MostUnits, 1)]);
        var most = CommandRunner.MostItemsWaiting / checkout.Items!.Count;
        var tasks = await batches.Together(Enumerable.Repeat(On(Guid.CreateVersion7(), checkout), most + 1));
        await Assert.ThrowsAsync<ServerBusyException>(() => tasks[^1]);
        Assert.All(await Task.WhenAll(tasks[..^1]), outcome => Assert.Equal("order-too-large", outcome.Rejection?.Code));
        Assert.NotNull((await batches.Run(Guid.CreateVersion7(), new CreateOrder("ada"))).Order);
    }

    [Fact]
    public async Task An_order_without_an_id_is_none_and_harms_nobody()
    {
        var id = await batches.NewOrder();
        var outcomes = await Task.WhenAll(await batches.Together(On(id, Tea), On(Guid.Empty, Tea), On(id, Tea)));
        Assert.Equal([null, "order-not-found", null], outcomes.Select(outcome => outcome.Rejection?.Code));
        Assert.Equal(1, await batches.Commits(id) - 1);
    }

    [Fact]
    public async Task What_another_customer_holds_is_not_told()
    {
        var id = await batches.NewOrder();
        var create = await batches.Runner.Run(On(id, new CreateOrder("bob")) with { OnlyFor = "bob" });
        Assert.Equal(("order-already-exists", null), (create.Rejection?.Code, create.CurrentVersion));
        var add = await batches.Runner.Run(On(id, Tea, 9) with { OnlyFor = "bob" });
        Assert.Equal(("order-not-found", null), (add.Rejection?.Code, add.CurrentVersion));
    }

    [Fact]
    public async Task Nothing_is_decided_on_less_than_all_that_happened()
    {
        var (lost, other) = (await batches.NewOrder(), await batches.NewOrder());
        await one.Service.Query<long>($"with gone as (delete from views.mt_doc_order where id = '{lost}' returning 1) select count(*) from gone");

        var tasks = await batches.Together(On(other, Tea), On(lost, Tea), On(lost, new CreateOrder("ada")));
        Assert.Equal(3, (await tasks[0]).Order?.Version);
        foreach (var task in tasks[1..]) Assert.Equal("projection-behind", (await Assert.ThrowsAsync<ProblemException>(() => task)).Code);

        var past = new PastOrders(batches.Store, "spec", "a trace");
        var again = await Assert.ThrowsAsync<ProblemException>(() => past.Store([new(lost, "a file", [new(new OrderCreated("ada"), DateTimeOffset.UnixEpoch)])]));
        Assert.Equal("projection-behind", again.Code);
        Assert.Equal(2, (await batches.Facts(lost)).Count);
    }

    [Fact]
    public async Task A_stopping_node_answers_all_who_wait_and_takes_no_more()
    {
        var node = await batches.AnotherNode();
        var id = await batches.NewOrder();
        var stopping = Task.CompletedTask;
        var waiting = await batches.WhileBusy(node, () =>
        {
            var tasks = Enumerable.Range(0, 100).Select(_ => node.Run(On(id, Tea))).ToList();
            stopping = node.StopAsync(TestContext.Current.CancellationToken);
            return tasks;
        });
        await stopping;
        await Assert.ThrowsAsync<ServerBusyException>(() => node.Run(On(id, Tea)));
        Assert.All(waiting, task => Assert.True(task.IsCompletedSuccessfully));
        Assert.Equal(102, (await batches.Facts(id)).Count);
    }
}
