using Marten;

namespace OrderMonolith.Commands;

/// <summary>Forgets the outcomes of commands whose keys are older than callers may rely on.</summary>
public sealed partial class KeyRetention(IDocumentStore store, IdempotencySettings settings, TimeProvider clock, ILogger<KeyRetention> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>Forgets what is too old now.</summary>
    public async Task Purge(CancellationToken cancellation)
    {
        var oldest = clock.GetUtcNow() - settings.Kept;
        await using var session = store.LightweightSession();
        session.DeleteWhere<StoredOutcome>(outcome => outcome.At < oldest);
        await session.SaveChangesAsync(cancellation);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        using var stop = stoppingToken.Register(timer.Dispose);
        while (await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            try
            {
                await Purge(stoppingToken);
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
