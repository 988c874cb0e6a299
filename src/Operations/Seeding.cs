using System.Diagnostics;
using Marten;
using OrderMonolith.Commands;

namespace OrderMonolith.Operations;

/// <summary>What seeding came to.</summary>
/// <param name="Seed">The number that makes the same orders again.</param>
/// <param name="Orders">Orders that there are for it now.</param>
/// <param name="Created">Orders made now.</param>
/// <param name="AlreadyThere">Orders that had been made before.</param>
/// <param name="EventsAppended">Events appended now.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record SeedSummary(int Seed, int Orders, int Created, int AlreadyThere, long EventsAppended, double Seconds);

/// <summary>Stores demo orders, many to a transaction.</summary>
public static class Seeding
{
    const int MostOrders = 200;
    const int MostInFlight = 2;

    /// <summary>Stores the first so many orders of a seed, unless they are there already.</summary>
    /// <exception cref="OperationCanceledException">It was stopped; what was committed stays.</exception>
    public static async Task<SeedSummary> Run(IDocumentStore store, TimeProvider clock, int seed, int orders, IProgress<Progress> progress, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        var now = clock.GetUtcNow();
        var past = new PastOrders(store, "system", ActivityTraceId.CreateRandom().ToHexString());
        var (created, done, events) = (0, 0, 0L);
        var batches = Enumerable.Range(1, orders).Chunk(MostOrders);
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = MostInFlight, CancellationToken = stop }, async (batch, _) =>
        {
            var demo = batch.Select(n => DemoOrder.Make(seed, n, now)).ToList();
            var outcomes = await past.Store(demo);
            var stored = demo.Where(order => outcomes[order.Id] is PastOrderOutcome.Stored).ToList();
            Interlocked.Add(ref created, stored.Count);
            Interlocked.Add(ref events, stored.Sum(order => (long)order.Facts.Count));
            progress.Report(new("orders", Interlocked.Add(ref done, batch.Length), orders, done));
        });
        return new(seed, orders, created, orders - created, events, Math.Round(watch.Elapsed.TotalSeconds, 3));
    }
}
