using System.Collections.Concurrent;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;

namespace OrderMonolith.Specs;

/// <summary>Targets that keep what arrives in memory, and answer as a spec has them.</summary>
public sealed class MemoryTargets : ITargets
{
    readonly ConcurrentQueue<(string Target, PublicEvent Event)> arrived = [];

    /// <summary>How the next attempts end; unless it says otherwise, everything arrives.</summary>
    public Func<PublicEvent, int, Attempt> Answer { get; set; } = (_, _) => new Attempt.Delivered();

    /// <summary>Done before each attempt, such as to wait.</summary>
    public Func<PublicEvent, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Longest that an attempt takes; a claim lasts five seconds longer.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What has arrived, in order.</summary>
    public IReadOnlyList<PublicEvent> Arrived => [.. arrived.Select(one => one.Event)];

    /// <summary>What has arrived at one of them.</summary>
    public IReadOnlyList<PublicEvent> At(string target) => [.. arrived.Where(one => one.Target == target).Select(one => one.Event)];

    /// <summary>The versions of an order that have arrived.</summary>
    public IReadOnlyList<long> Of(Guid order) => [.. Arrived.Where(e => e.OrderId == order).Select(e => e.Version)];

    /// <inheritdoc />
    public ValueTask<ITarget?> Find(string name, CancellationToken cancellation) => new(new One(name, this));

    /// <summary>A service whose targets these are.</summary>
    public async Task<Monolith> Start(Postgres postgres, string? connectionString = null, params string[] names)
    {
        var service = await Monolith.StartWith(postgres, connectionString, services => services.AddSingleton<ITargets>(this));
        await using var session = service.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        foreach (var name in names) session.AddTarget(name, []);
        await session.SaveChangesAsync();
        return service;
    }

    sealed class One(string name, MemoryTargets all) : ITarget
    {
        public int MostAtOnce => 16;

        public TimeSpan Patience => all.Patience;

        public async Task<Attempt> Deliver(PublicEvent e, int number, CancellationToken cancellation)
        {
            await all.Before(e).WaitAsync(cancellation);
            var attempt = all.Answer(e, number);
            if (attempt is Attempt.Delivered) all.arrived.Enqueue((name, e));
            return attempt;
        }
    }
}
