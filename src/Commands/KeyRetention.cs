using Marten;

namespace OrderMonolith.Commands;

/// <summary>Forgets the outcomes of commands whose keys are older than callers may rely on.</summary>
public sealed partial class KeyRetention(IDocumentStore store, IdempotencySettings settings, TimeProvider clock, ILogger<KeyRetention> log) : BackgroundService
{
    /// <summary>How many are forgotten in one short transaction: after a long stop there may be any number.</summary>
    public const int Slice = 10_000;

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>Forgets what is too old now.</summary>
    public async Task Purge(CancellationToken cancellation)
    {
        var oldest = clock.GetUtcNow() - settings.Kept;
        while (await PurgeSlice(oldest, cancellation) == Slice)
        {
        }
    }

    async Task<int> PurgeSlice(DateTimeOffset oldest, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession(PastOrders.Patient);
        var table = store.TableOf<StoredOutcome>();
        var gone = $"with gone as (delete from {table} where id in (select id from {table} where at < ? limit {Slice}) returning 1) select count(*)::int from gone";
        return (await session.QueryAsync<int>(gone, cancellation, oldest))[0];
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = Soon; ; pause = Pause)
        {
            try
            {
                await Task.Delay(pause, clock, stoppingToken);
                await Purge(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was, a key that is kept too long must not end the service.
                LogLater(e.Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Old Idempotency-Keys are forgotten later: {Why}")]
    partial void LogLater(string why);
}
