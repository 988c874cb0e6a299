using Npgsql;

namespace OrderMonolith.Deliveries;

/// <summary>How far the history has been published: every event up to there is noted for whom it has to go to, and no other will ever come to stand there.</summary>
/// <remarks>One connection of a node hears of news for all who wait; while there is none, it asks nothing.</remarks>
public sealed partial class Published(NpgsqlDataSource database, TimeProvider clock, ILogger<Published> log) : BackgroundService
{
    /// <summary>Should a notice be lost, it is noticed within this time.</summary>
    static readonly TimeSpan Pulse = TimeSpan.FromSeconds(10);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sequence of the last event that has been published, as far as this node has heard.</summary>
    public long Position { get; private set; }

    /// <summary>Ends when there is news after this was called.</summary>
    public Task Next()
    {
        lock (gate) return news.Task;
    }

    /// <summary>Ends when something behind a place has been published.</summary>
    /// <exception cref="TimeoutException">Nothing was, in the given time.</exception>
    public async Task Beyond(long position, TimeSpan patience, CancellationToken cancellation)
    {
        while (true)
        {
            var next = Next();
            if (Position > position) return;
            await next.WaitAsync(patience, clock, cancellation);
        }
    }

    /// <summary>The same, as the database has it now.</summary>
    public async Task<long> Ask(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return await Ask(connection, cancellation);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogDeaf(e.Message);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task Listen(CancellationToken cancellation)
    {
        // It waits for hours, so it is none of those that are handed on.
        await using var pooled = database.CreateConnection();
        await using var connection = pooled.CloneWith(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false, KeepAlive = (int)Pulse.TotalSeconds }.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using (var listen = new NpgsqlCommand($"listen {Feeder.Channel}", connection)) await listen.ExecuteNonQueryAsync(cancellation);
        do Tell(await Ask(connection, cancellation));
        while (await connection.WaitAsync(Pulse, cancellation) || !cancellation.IsCancellationRequested);
    }

    void Tell(long position)
    {
        lock (gate)
        {
            Position = position;
            news.SetResult();
            news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    static async Task<long> Ask(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var question = new NpgsqlCommand("select coalesce((select position from outward.published), 0)", connection);
        return (long)(await question.ExecuteScalarAsync(cancellation))!;
    }

    [LoggerMessage(LogLevel.Warning, "News of events cannot be heard for a moment: {Why}")]
    partial void LogDeaf(string why);
}
