using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Webhooks;

/// <summary>Forgets what was sent to webhooks, and what came back, when it is long ago.</summary>
public sealed partial class DeliveryLogRetention(NpgsqlDataSource database, WebhooksSettings settings, TimeProvider clock, ILogger<DeliveryLogRetention> log) : BackgroundService
{
    /// <summary>How many attempts are forgotten in one short transaction.</summary>
    const int Slice = 5_000;

    static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>Forgets what is too old now.</summary>
    public async Task Purge(CancellationToken cancellation)
    {
        var oldest = (clock.GetUtcNow() - settings.Memory).UtcDateTime;
        while (await PurgeSlice(oldest, cancellation) == Slice)
        {
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var rounds = new PeriodicTimer(Pause, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await rounds.WaitForNextTickAsync(stoppingToken);
                await Purge(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                LogLater(e.Message);
            }
        }
    }

    async Task<int> PurgeSlice(DateTime oldest, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"delete from outward.attempts where ctid = any(array(select ctid from outward.attempts where at < $1 limit {Slice}))");
        command.Parameters.Add(new() { Value = oldest });
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Warning, "What was sent to webhooks long ago is forgotten later: {Why}")]
    partial void LogLater(string why);
}
