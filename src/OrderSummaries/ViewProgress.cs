using Marten;
using Npgsql;

namespace OrderMonolith.OrderSummaries;

/// <summary>How far a view that follows the events from behind has come: asked once for all who wait for it, every few milliseconds while somebody does.</summary>
public sealed class ViewProgress(NpgsqlDataSource database, IDocumentStore store, TimeProvider clock)
{
    /// <summary>How long the database is left alone after each question.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    const string Progress = "select coalesce((select last_seq_id from events.mt_event_progression where name = $1), 0)";

    readonly Lock gate = new();
    Task rest = Task.CompletedTask;
    Task<long>? next;

    /// <summary>Sequence of the last event that the view holds, as a question finds it that begins after this was called.</summary>
    public Task<long> Next()
    {
        lock (gate) return next ??= Turn();
    }

    async Task<long> Turn()
    {
        await rest.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Task<long> asked;
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

    async Task<long> Ask()
    {
        await using var question = database.CreateCommand(Progress);
        question.Parameters.Add(new NpgsqlParameter<string> { TypedValue = store.ViewOf<OrderSummary>().Shard });
        return (long)(await question.ExecuteScalarAsync())!;
    }
}
