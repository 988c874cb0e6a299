using OrderMonolith.Commands;
using OrderMonolith.Orders;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>What was put away no longer changes, and whoever asks hears it as one of the rules.</summary>
public sealed class ArchivedOrders(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;
    readonly Batches batches = new(one.Service);

    [Fact]
    public async Task It_no_longer_changes_and_harms_nobody()
    {
        var (archived, other) = (await Archived(), await batches.NewOrder());
        var outcomes = await Task.WhenAll(await batches.Together(On(other, Tea), On(archived, Tea), On(archived, new CancelOrder()), On(other, Tea)));
        Assert.Equal([null, "order-not-pending", "order-not-pending", null], outcomes.Select(outcome => outcome.Rejection?.Code));
        Assert.Equal((2L, 4L), (outcomes[1].CurrentVersion, outcomes[3].Order?.Version));
        Assert.Equal(1, await batches.Commits(other) - 1);
    }

    [Fact]
    public async Task A_dry_run_says_what_the_command_would()
    {
        var order = $"/v1/orders/{await Archived()}";
        var (dry, real) = (await monolith.Send("POST", order + "/cancel?dryRun=true"), await monolith.Send("POST", order + "/cancel"));
        Assert.Equal((409, "order-not-pending", 2), (dry.Status, dry.Code, dry.Content.GetProperty("currentVersion").GetInt32()));
        Assert.Equal((409, "order-not-pending", 2), (real.Status, real.Code, real.Content.GetProperty("currentVersion").GetInt32()));
    }

    [Fact]
    public async Task The_refusal_is_kept_with_its_key()
    {
        var (order, key) = ($"/v1/orders/{await Archived()}", ("Idempotency-Key", Guid.NewGuid().ToString()));
        await monolith.Send("POST", order + "/confirm", null, key);
        var again = await monolith.Send("POST", order + "/confirm", null, key);
        Assert.Equal(("order-not-pending", "true"), (again.Code, again.Header("Idempotent-Replayed")));
        Assert.Equal("idempotency-key-reused", (await monolith.Send("POST", order + "/cancel", null, key)).Code);
    }

    [Fact]
    public async Task What_changes_nothing_is_no_matter_and_its_id_stays_taken()
    {
        var id = await batches.NewOrder();
        await batches.Run(id, new ConfirmOrder());
        await batches.Archive(id);
        Assert.Equal((3, null), ((await batches.Run(id, new ConfirmOrder())).Order?.Version, (await batches.Run(id, new ConfirmOrder())).Rejection));
        Assert.Equal("order-already-exists", (await batches.Run(id, new CreateOrder("ada"))).Rejection?.Code);
    }

    [Fact]
    public async Task One_that_is_put_away_before_the_commit_is_decided_again()
    {
        var (id, key) = (await batches.NewOrder(), new CommandKey($"{Guid.NewGuid()}", "the request", Minimal: false));
        var decisions = 0;
        var racing = On(id, new Deciding(order =>
        {
            if (++decisions == 1) batches.Elsewhere(id, new ItemAdded("mug", 1, 4));
            else if (decisions == 2) batches.Archive(id).GetAwaiter().GetResult();
            return Tea.Decide(order);
        })) with
        { Key = key };
        var (outcome, again) = (await batches.Runner.Run(racing), await batches.Runner.Run(racing));
        Assert.Equal(("order-not-pending", 3L, "order-not-pending"), (outcome.Rejection?.Code, outcome.CurrentVersion, again.Repeated?.Rejection?.Code));
    }

    async Task<Guid> Archived()
    {
        var id = await batches.NewOrder();
        await batches.Archive(id);
        return id;
    }
}
