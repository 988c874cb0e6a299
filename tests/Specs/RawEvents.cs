using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Specs;

/// <summary>Events as another version of the service would have stored them: plain rows.</summary>
public sealed class RawEvents(Monolith monolith)
{
    /// <summary>An order as an older node left it: its events and no view.</summary>
    public async Task<Guid> Lying(params (string Alias, string Json)[] events)
    {
        var id = Guid.CreateVersion7();
        await Execute("insert into events.mt_streams (id, type, version, tenant_id) values ($1, 'order', 0, '*DEFAULT*')", id);
        foreach (var (i, (alias, json)) in events.Index()) await Append(id, i + 1, alias, json);
        return id;
    }

    /// <summary>One more event, past every view.</summary>
    public async Task Append(Guid id, long version, string alias, string json)
    {
        await Execute(
            """
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, tenant_id, timestamp, mt_dotnet_type)
            values (nextval('events.mt_events_sequence'), gen_random_uuid(), $1, $2, $3, $4, '*DEFAULT*', now(), 'LegacyShop.Events.SomethingHappened, LegacyShop')
            """,
            id, version, new NpgsqlParameter { Value = json, NpgsqlDbType = NpgsqlDbType.Jsonb }, alias);
        await Execute("update events.mt_streams set version = $2 where id = $1", id, version);
    }

    async Task Execute(string sql, params object[] values)
    {
        await using var source = NpgsqlDataSource.Create(monolith.ConnectionString);
        await using var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
