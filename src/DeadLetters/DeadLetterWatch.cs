using System.Diagnostics.Metrics;
using Marten;
using OrderMonolith.Storage;

namespace OrderMonolith.DeadLetters;

/// <summary>Says in the log that somebody has to look, and how many wait as a metric; who reads that asks nothing of the database.</summary>
public sealed partial class DeadLetterWatch : BackgroundService
{
    /// <summary>Name of the meter.</summary>
    public const string Meter = "OrderMonolith";

    static readonly TimeSpan Glance = TimeSpan.FromSeconds(5);

    readonly DeadLetterOffice office;
    readonly TimeProvider clock;
    readonly ILogger<DeadLetterWatch> log;
    volatile IReadOnlyDictionary<LetterKind, LetterTally> last = new Dictionary<LetterKind, LetterTally>();

    /// <summary>Sets up the metric.</summary>
    public DeadLetterWatch(DeadLetterOffice office, TimeProvider clock, IMeterFactory meters, ILogger<DeadLetterWatch> log)
    {
        (this.office, this.clock, this.log) = (office, clock, log);
        meters.Create(Meter).CreateObservableGauge(
            "orders.dead_letters", () => last.Select(kind => new Measurement<long>(kind.Value.Count, new KeyValuePair<string, object?>("kind", kind.Key.ToString()))), "{letter}", "What did not get through and waits for somebody to look.");
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var glances = new PeriodicTimer(Glance, clock);
        do
        {
            try
            {
                var found = await office.Tally();
                foreach (var (kind, tally) in found.Where(one => one.Value.Latest > last.GetValueOrDefault(one.Key).Latest.GetValueOrDefault())) LogWaiting(tally.Count, kind);
                last = found;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Without a schema there are none; while the database is away nobody knows.
                if (!StorageFault.Is(e)) LogBlind(e.Message);
            }
        }
        while (await Next(glances, stoppingToken));
    }

    static async Task<bool> Next(PeriodicTimer glances, CancellationToken stopping)
    {
        try
        {
            return await glances.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} dead letters of the kind {Kind} wait for somebody to look, among them a new one: see 'dead-letters list'.")]
    partial void LogWaiting(long count, LetterKind kind);

    [LoggerMessage(LogLevel.Warning, "It could not be seen whether there are dead letters: {Why}")]
    partial void LogBlind(string why);
}

/// <summary>What did not get through.</summary>
public static class DeadLetterSetup
{
    /// <summary>Adds what is kept of letters to a store.</summary>
    public static void DeadLetters(this StoreOptions store) => store.Schema.For<DeadLetter>().DocumentAlias("dead_letter");

    /// <summary>Adds the letters, and the watch over them.</summary>
    public static void AddDeadLetters(this IServiceCollection services) => services
        .AddSingleton<ILetters, FailedMessages>().AddSingleton<ILetters, GivenUpDeliveries>().AddSingleton<ILetters, StoppedViews>()
        .AddSingleton<DeadLetterOffice>().AddHostedService<DeadLetterWatch>();
}
