using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Commands;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>A command that decides as the spec says.</summary>
public sealed record Deciding(Func<Order, Decision> Rule) : IOrderCommand
{
    public Decision Decide(Order order) => Rule(order);
}

/// <summary>Runs commands on a service's database so that a spec knows which of them are committed together.</summary>
public sealed class Batches(Monolith monolith)
{
    public static readonly AddItem Tea = new("tea", 1, 9.5m);

    static readonly Cause Cause = new("spec", "a cause", "a trace");

    public IDocumentStore Store { get; } = monolith.Services.GetRequiredService<IDocumentStore>();

    public CommandRunner Runner { get; } = monolith.Services.GetRequiredService<CommandRunner>();

    public static CommandEnvelope On(Guid orderId, IOrderCommand command, params IEnumerable<long> ifVersionIn) =>
        new(orderId, command, Cause, IfVersionIn: ifVersionIn.Any() ? [.. ifVersionIn] : null);

    /// <summary>Another node: a runner of its own on the same database.</summary>
    public async Task<CommandRunner> AnotherNode(TimeProvider? clock = null)
    {
        var runner = new CommandRunner(Store, clock ?? new MicrosecondClock(TimeProvider.System), NullLogger<CommandRunner>.Instance);
        await runner.StartAsync(TestContext.Current.CancellationToken);
        return runner;
    }

    public Task<Outcome> Run(Guid orderId, IOrderCommand command, params IEnumerable<long> ifVersionIn) => Runner.Run(On(orderId, command, ifVersionIn));

    /// <summary>A new order that holds one tea.</summary>
    public async Task<Guid> NewOrder()
    {
        var id = Guid.CreateVersion7();
        Assert.NotNull((await Run(id, new CreateOrder("ada", Items: [Tea]))).Order);
        return id;
    }

    /// <summary>Does something while the runner is busy with another command.</summary>
    public async Task<T> WhileBusy<T>(CommandRunner runner, Func<T> something)
    {
        var order = await NewOrder();
        using var release = new ManualResetEventSlim();
        var busy = new TaskCompletionSource();
        var first = runner.Run(On(order, new Deciding(_ =>
        {
            busy.SetResult();
            release.Wait();
            return Decision.Nothing;
        })));
        await busy.Task;
        try
        {
            return something();
        }
        finally
        {
            release.Set();
            await first;
        }
    }

    /// <summary>Queues commands while the runner is busy, so that it then takes them together.</summary>
    public Task<List<Task<Outcome>>> Together(params IEnumerable<CommandEnvelope> envelopes) => WhileBusy(Runner, () => envelopes.Select(Runner.Run).ToList());

    /// <summary>What another node appends meanwhile.</summary>
    public void Elsewhere(Guid orderId, OrderEvent fact)
    {
        using var session = Store.LightweightSession();
        var order = OpenOrder.Fetch(session, [orderId]).GetAwaiter().GetResult()[orderId];
        order.Append(fact, DateTimeOffset.UnixEpoch, Cause);
        session.SaveChangesAsync().GetAwaiter().GetResult();
    }

    /// <summary>Puts an order away.</summary>
    public async Task Archive(Guid orderId)
    {
        await using var session = Store.LightweightSession();
        session.Events.ArchiveStream(orderId);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The facts stored of an order.</summary>
    public async Task<IReadOnlyList<OrderEvent>> Facts(Guid orderId)
    {
        await using var session = Store.QuerySession();
        return [.. (await session.Events.FetchStreamAsync(orderId)).Select(e => (OrderEvent)e.Data)];
    }

    /// <summary>In how many transactions the events of some orders were stored.</summary>
    public Task<long> Commits(params IEnumerable<Guid> orderIds) =>
        monolith.Query<long>($"select count(distinct xmin::text) from events.mt_events where stream_id in ({string.Join(",", orderIds.Select(id => $"'{id}'"))})");
}
