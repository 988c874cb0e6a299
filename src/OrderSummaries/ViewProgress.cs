using Marten;
using Npgsql;

namespace OrderMonolith.OrderSummaries;

/// <summary>How far a view that follows the events from behind has come: asked once for all who wait for it, every few milliseconds while somebody does.</summary>
public sealed class ViewProgress(NpgsqlDataSource database, IDocumentStore store, TimeProvider clock)
{
    /// <summary>How long the database is left alone after each question.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    const string Progress = """
        select coalesce((select last_seq_id from events.mt_event_progression where name = $1), 0), (select coalesce(max(seq_id), 0) from events.mt_events)
        """;

    readonly Lock gate = new();
    Task rest = Task.CompletedTask;
    Task<(long Position, long Head)>? next;

    /// <summary>The last event that the view holds, and the last that there is, as a question finds them that begins after this was called.</summary>
    public Task<(long Position, long Head)> Next()
    {
        lock (gate) return next ??= Turn();
    }

    async Task<(long Position, long Head)> Turn()
    {
        await rest.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Task<(long, long)> asked;
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

    async Task<(long, long)> Ask()
    {
        await using var question = database.CreateCommand(Progress);
        question.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store.ViewOf<OrderSummary>().Shard });
        await using var answer = await question.ExecuteReaderAsync();
        await answer.ReadAsync();
        return (answer.GetInt64(0), answer.GetInt64(1));
    }
}
