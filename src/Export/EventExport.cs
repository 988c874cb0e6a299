using System.Buffers;
using System.Data;
using System.Text.Json;
using Marten;
using Npgsql;
using OrderMonolith.Operations;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.Export;

/// <summary>Which events an export is to hold.</summary>
/// <param name="After">Those from behind this sequence on; 0 for all.</param>
/// <param name="Order">Those of this order, if one is named.</param>
public sealed record ExportedPart(long After, Guid? Order);

/// <summary>Exports events as they are stored, and their streams, as of one moment and one position; goes on where another export to the same file was cut short.</summary>
public sealed class EventExport : IDisposable
{
    const int Told = 4_096;

    static readonly JsonWriterOptions Form = new() { Encoder = Json.Stored.Encoder, SkipValidation = true };

    /// <summary>What a stream's version was at the position.</summary>
    const string Version = "least(version, (select max(e.version) from events.mt_events e where e.stream_id = s.id and e.seq_id <= $2))";

    /// <summary>The streams of the events that are exported, and with all events also those that have none.</summary>
    static readonly string Streams = $"""
        select {string.Join(", ", StoredTable.Streams.Columns.Select(c => c.Column is "version" ? Version : c.Column))} from events.mt_streams s
        where id > $4 and ($3 is null or id = $3)
          and (exists (select from events.mt_events e where e.stream_id = s.id and e.seq_id > $1 and e.seq_id <= $2)
               or ($1 = 0 and not exists (select from events.mt_events e where e.stream_id = s.id)))
        order by id
        """;

    static readonly string Events = $"select {StoredTable.Events.ColumnList} from events.mt_events where {Chosen} and seq_id > $4 order by seq_id";

    const string Chosen = "seq_id > $1 and seq_id <= $2 and ($3 is null or stream_id = $3)";
    const string Counts = $"select count(*), count(*) filter (where is_archived), count(*) filter (where is_skipped) from events.mt_events where {Chosen}";

    readonly IDocumentStore store;
    readonly NpgsqlDataSource database;
    readonly StoreEpoch epoch;
    readonly string path;
    readonly ExportedPart part;
    readonly IProgress<Progress> progress;
    readonly CancellationToken stop;
    readonly ExportWalk walk;

    EventExport(IDocumentStore store, NpgsqlDataSource database, StoreEpoch epoch, string path, ExportedPart part, IProgress<Progress> progress, CancellationToken stop)
    {
        (this.store, this.database, this.epoch, this.path, this.part, this.progress, this.stop) = (store, database, epoch, path, part, progress, stop);
        walk = new(ExportFile.Unfinished(path));
    }

    /// <summary>Exports.</summary>
    /// <exception cref="BadInputException">The file is there, cannot be written, or was begun as another export.</exception>
    public static async Task<EventExportSummary> Run(
        IDocumentStore store, NpgsqlDataSource database, StoreEpoch epoch, string path, ExportedPart part, IProgress<Progress> progress, CancellationToken stop)
    {
        using var export = new EventExport(store, database, epoch, path, part, progress, stop);
        await using var file = ExportFile.Open(path);
        return await export.To(file);
    }

    async Task<EventExportSummary> To(ExportFile file)
    {
        await file.Resume(line => walk.Read(line), stop);
        var (streamsBefore, eventsBefore) = (walk.Streams, walk.Events);

        var position = walk.Header?.Position ?? await SettledPosition.Of(database, transactions => Terminal.Complain($"Waits for {transactions} transactions that are appending events."), stop);
        if (part.After > position) throw new BadInputException($"There is nothing behind position {part.After}: this store ends at {position}. Is it another one, or one that was restored?");
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        var header = await Header(moment, position);
        if (walk.Header is null)
        {
            var line = ExportLine.Of(header);
            walk.Begin(header, line);
            file.Write(line);
        }
        else if (!ExportLine.Of(walk.Header).SequenceEqual(ExportLine.Of(header)))
        {
            throw new BadInputException(
                $"{ExportFile.Unfinished(path)} was begun as another export, of another store or part of it, or events were archived, skipped or filled in since. Remove it to begin anew.");
        }

        if (walk.End is null) await Write(file, connection, header);
        file.Finish();
        return new(path, header, walk.Streams, walk.Events, walk.Events - eventsBefore, streamsBefore > 0 || eventsBefore > 0, walk.EndHere.Sha256);
    }

    /// <inheritdoc />
    public void Dispose() => walk.Dispose();

    async Task Write(ExportFile file, NpgsqlConnection connection, ExportHeader header)
    {
        if (walk.Events == 0)
            await foreach (var (row, line) in Lines(connection, Streams, StoredTable.Streams, header, walk.LastStream))
            {
                walk.Stream(row.GetGuid(0), line.Span);
                file.Write(line.Span);
            }

        await foreach (var (row, line) in Lines(connection, Events, StoredTable.Events, header, walk.LastSequence))
        {
            walk.Event(row.GetInt64(0), line.Span);
            file.Write(line.Span);
            if (walk.Events % Told == 0) progress.Report(new("events", walk.Events, header.EventCount, walk.Events));
        }

        progress.Report(new("events", walk.Events, header.EventCount, walk.Events));
        file.Write(ExportLine.Of(walk.EndHere));
    }

    async Task<ExportHeader> Header(NpgsqlTransaction moment, long position)
    {
        await using var session = store.QuerySession(SessionOptions.ForTransaction(moment));
        var leftOut = await session.Query<SkippedEvent>().Where(left => left.Sequence > part.After && left.Sequence <= position && (part.Order == null || left.OrderId == part.Order))
            .OrderBy(left => left.Id).ToListAsync(stop);
        await using var question = Command(moment.Connection!, Counts, position);
        await using var counts = await question.ExecuteReaderAsync(stop);
        await counts.ReadAsync(stop);
        return new(ExportHeader.Events, ExportHeader.Newest, await epoch.Current(stop), position, part.After, counts.GetInt64(0), counts.GetInt64(1), counts.GetInt64(2), part.Order)
        {
            LeftOut = leftOut is [] ? null : leftOut,
        };
    }

    /// <summary>Rows and their lines, behind a place on; a line is to be used before the next one is asked for.</summary>
    async IAsyncEnumerable<(NpgsqlDataReader Row, ReadOnlyMemory<byte> Line)> Lines<T>(
        NpgsqlConnection connection, string sql, StoredTable table, ExportHeader header, T behind)
    {
        await using var question = Command(connection, sql, header.Position);
        question.Parameters.Add(new NpgsqlParameter<T> { TypedValue = behind });
        await using var rows = await question.ExecuteReaderAsync(stop);
        var text = new ArrayBufferWriter<byte>(1 << 12);
        await using var json = new Utf8JsonWriter(text, Form);
        while (await rows.ReadAsync(stop))
        {
            // The driver does not look while rows are at hand.
            stop.ThrowIfCancellationRequested();
            text.ResetWrittenCount();
            json.Reset();
            table.Write(rows, json);
            text.Write("\n"u8);
            yield return (rows, text.WrittenMemory);
        }
    }

    NpgsqlCommand Command(NpgsqlConnection connection, string sql, long position) => new(sql, connection)
    {
        CommandTimeout = 0,
        Parameters =
        {
            new NpgsqlParameter<long> { TypedValue = part.After },
            new NpgsqlParameter<long> { TypedValue = position },
            new NpgsqlParameter { Value = (object?)part.Order ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid },
        },
    };
}

/// <summary>What an export of events came to.</summary>
/// <param name="File">The file.</param>
/// <param name="Header">Its first line.</param>
/// <param name="Streams">Streams in it.</param>
/// <param name="Events">Events in it.</param>
/// <param name="EventsWritten">Those that were not there yet.</param>
/// <param name="Resumed">Whether a file that was cut short was written on.</param>
/// <param name="Sha256">The hash in its last line.</param>
public sealed record EventExportSummary(string File, ExportHeader Header, long Streams, long Events, long EventsWritten, bool Resumed, string Sha256);
