using System.Text.Json;
using Npgsql;

namespace OrderMonolith.Import;

/// <summary>
/// What one import has to remember for longer than memory should hold it: which invoices are closed, which rows were refused, and the credit notes
/// until all orders are in. It lies in temporary tables, which nobody else sees.
/// </summary>
public sealed class Scratch : IAsyncDisposable
{
    const int MostInMemory = 1_000;
    const int MostBytes = 16 << 20;

    readonly NpgsqlConnection connection;
    readonly List<Refusal> refused = new(MostInMemory);

    Scratch(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>An empty scratch space.</summary>
    public static async Task<Scratch> Create(NpgsqlDataSource database)
    {
        var scratch = new Scratch(await database.OpenConnectionAsync());
        await scratch.Do("create temporary table closed (id uuid primary key)");
        await scratch.Do("create temporary table refused (row bigint, code text, line bytea)");
        await scratch.Do("create temporary table notes (row bigint primary key, note bytea)");
        return scratch;
    }

    /// <summary>Marks invoices as closed; answers those that were not closed before.</summary>
    public async Task<HashSet<Guid>> Close(IEnumerable<Guid> ids)
    {
        await using var command = Command("insert into closed select distinct unnest($1) on conflict do nothing returning id", ids.ToArray());
        await using var reader = await command.ExecuteReaderAsync();
        var closed = new HashSet<Guid>();
        while (await reader.ReadAsync()) closed.Add(reader.GetGuid(0));
        return closed;
    }

    /// <summary>Remembers refused rows.</summary>
    public async Task Refuse(IEnumerable<Refusal> rows)
    {
        refused.AddRange(rows);
        if (refused.Count >= MostInMemory) await WriteRefused();
    }

    /// <summary>The refused rows in file order. Nothing else can be asked meanwhile.</summary>
    public async IAsyncEnumerable<Refusal> Refused()
    {
        await WriteRefused();
        await using var command = Command("select row, code, line from refused order by row");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            yield return new(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2));
    }

    /// <summary>Remembers credit notes.</summary>
    public async Task Keep(IReadOnlyCollection<CreditNote> notes)
    {
        if (notes.Count > 0)
            await Do("insert into notes select * from unnest($1, $2)", notes.Select(n => n.FirstRow).ToArray(), notes.Select(n => JsonSerializer.SerializeToUtf8Bytes(n)).ToArray());
    }

    /// <summary>How many credit notes there are.</summary>
    public async Task<long> CountNotes()
    {
        await using var command = Command("select count(*) from notes");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The next credit notes in file order, after the one that begins at a row: as many as asked for, fewer where they are long.</summary>
    public async Task<List<CreditNote>> NotesAfter(long row, int most)
    {
        await using var command = Command(
            """
            select note from (select row, note, sum(length(note)) over (order by row) - length(note) as before
                from (select row, note from notes where row > $1 order by row limit $2) next) next
            where before < $3 order by row
            """,
            row, most, MostBytes);
        await using var reader = await command.ExecuteReaderAsync();
        var notes = new List<CreditNote>(most);
        while (await reader.ReadAsync()) notes.Add(JsonSerializer.Deserialize<CreditNote>(reader.GetFieldValue<byte[]>(0))!);
        return notes;
    }

    /// <summary>Leaves nothing behind. Said aloud, because a pooled connection may be handed on as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Do("discard temporary");
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // Gone, and the tables with it.
        }

        await connection.DisposeAsync();
    }

    async Task WriteRefused()
    {
        if (refused.Count == 0) return;
        await Do(
            "insert into refused select * from unnest($1, $2, $3)",
            refused.Select(r => r.Row).ToArray(), refused.Select(r => r.Code).ToArray(), refused.Select(r => r.Text).ToArray());
        refused.Clear();
    }

    async Task Do(string sql, params object[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync();
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var value in values) command.Parameters.AddWithValue(value);
        return command;
    }
}
