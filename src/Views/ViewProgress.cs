using Npgsql;

namespace OrderMonolith.Views;

/// <summary>How far the views that follow the events from behind have come: asked once for all who wait for one, every few milliseconds while somebody does.</summary>
public sealed class ViewProgress(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>How long the database is left alone after each question.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    const string Progress = "select name, last_seq_id from events.mt_event_progression";

    readonly Lock gate = new();
    Task rest = Task.CompletedTask;
    Task<Dictionary<string, long>>? next;

    /// <summary>Sequence of the last event that each view holds, by the name of its shard, as a question finds it that begins after this was called.</summary>
    public Task<Dictionary<string, long>> Next()
    {
        lock (gate) return next ??= Turn();
    }

    async Task<Dictionary<string, long>> Turn()
    {
        await rest.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Task<Dictionary<string, long>> asked;
        lock (gate)
        {
            // Who comes from here on shares the next one.
            (asked, next) = (Ask(), null);
            rest = Rest(asked);
        }

        return await asked;
    }

    async Task Rest(Task after)
    {
        await after.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Pause, clock);
    }

    async Task<Dictionary<string, long>> Ask()
    {
        await using var question = database.CreateCommand(Progress);
        await using var rows = await question.ExecuteReaderAsync();
        var positions = new Dictionary<string, long>();
        while (await rows.ReadAsync()) positions[rows.GetString(0)] = rows.GetInt64(1);
        return positions;
    }
}
