using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>How far the store's history is settled: no order's event is ever going to be stored at or below that place which is not visible by now.</summary>
public static class SettledPosition
{
    static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    const string Taken = "select case when is_called then last_value else 0 end from events.mt_events_sequence";

    /// <summary>Whoever takes a number from a sequence holds this lock on it from then on until its transaction ends.</summary>
    const string Appending = """
        select coalesce(array_agg(distinct virtualtransaction), '{}') from pg_locks
        where locktype = 'relation' and mode = 'RowExclusiveLock' and granted and virtualtransaction = any(coalesce($1, array[virtualtransaction]))
          and relation = 'events.mt_events_sequence'::regclass and database = (select oid from pg_database where datname = current_database())
        """;

    /// <summary>The last place that is taken by now, as soon as all have ended who may have taken it or one before it.</summary>
    /// <param name="database">The store.</param>
    /// <param name="waits">Told, if that takes long, for how many transactions.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<long> Of(NpgsqlDataSource database, Action<int> waits, CancellationToken cancellation)
    {
        await using var taken = database.CreateCommand(Taken);
        var position = (long)(await taken.ExecuteScalarAsync(cancellation))!;
        string[]? appending = null;
        for (var waited = TimeSpan.Zero; ; waited += Glance)
        {
            await using var question = database.CreateCommand(Appending);
            question.Parameters.Add(new NpgsqlParameter<string[]?> { TypedValue = appending, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text });
            appending = (string[])(await question.ExecuteScalarAsync(cancellation))!;
            if (appending.Length == 0) return position;
            if (waited == Patience) waits(appending.Length);
            await Task.Delay(Glance, cancellation);
        }
    }
}
