using System.Diagnostics;
using JasperFx.Events;
using Marten;
using Npgsql;
using OrderMonolith.Export;
using OrderMonolith.Operations;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.Import;

/// <summary>
/// Makes of an export of events the store that it was made of: the same rows in the same places, the next event behind them, the views whole. Alone, in an empty store and in one
/// transaction: whatever ends it early, and a file that turns out to be cut short or changed, leaves the store as empty as it was.
/// </summary>
public sealed class EventImport : IDisposable
{
    /// <summary>For each row of a statement PostgreSQL remembers to look for the row's stream.</summary>
    const int MostRows = 50_000;

    /// <summary>Appends that failed leave numbers out at the end; so many of them in a row there are not.</summary>
    const long MostNumbersLeftOut = 10_000_000;

    /// <summary>Numbers are taken one by one: the application may not set a sequence, which could then be set back below what has happened.</summary>
    const string TakeNumbers = """
        select count(nextval('events.mt_events_sequence'))
        from (select case when is_called then last_value else 0 end taken from events.mt_events_sequence) s, generate_series(taken + 1, $1)
        """;

    /// <summary>A row that says 0 would stop the daemon: it takes 0 for no row.</summary>
    const string StandThere = """
        insert into events.mt_event_progression (name, last_seq_id) select name, $1 from unnest($2) name where $1 > 0
        on conflict (name) do update set last_seq_id = greatest(excluded.last_seq_id, mt_event_progression.last_seq_id), last_updated = transaction_timestamp()
        """;

    readonly IDocumentStore store;
    readonly NpgsqlTransaction transaction;
    readonly InputFile file;
    readonly IProgress<Progress> progress;
    readonly CancellationToken stop;
    readonly ExportWalk walk;

    (StoredTable Table, int Count, NpgsqlBinaryImporter Rows)? copy;

    /// <summary>The next event is stored behind this. Of the store that one order was taken out of, nothing else is to be left free.</summary>
    long Position => walk.Header!.Order is null ? walk.Header.Position : walk.LastSequence;

    EventImport(IDocumentStore store, NpgsqlTransaction transaction, InputFile file, IProgress<Progress> progress, CancellationToken stop)
    {
        (this.store, this.transaction, this.file, this.progress, this.stop) = (store, transaction, file, progress, stop);
        walk = new(file.Name);
    }

    /// <summary>Whether a file begins as an export of events does. One that cannot be read does not.</summary>
    public static bool Begins(string path)
    {
        try
        {
            // A pipe says that it has no length, and what was read of one is gone.
            if (new FileInfo(path).Length == 0) return false;
            using var file = InputFile.Open(path);
            var start = new byte[ExportHeader.Start.Length];
            return file.Content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && ExportHeader.Start.SequenceEqual(start);
        }
        catch (Exception e) when (e is BadInputException || InputFile.IsUnreadable(e))
        {
            return false;
        }
    }

    /// <summary>Imports a file.</summary>
    /// <exception cref="BadInputException">The file is not whole, not as it was exported, or not all of a store; or the store is not empty.</exception>
    /// <exception cref="SetupException">A node serves, or another import runs.</exception>
    public static async Task<EventImportSummary> Run(IDocumentStore store, NpgsqlDataSource database, string path, IProgress<Progress> progress, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        await using var alone = await LockSession.Open(database, stop);
        if (!await alone.TryAlone(stop)) throw new SetupException("A node is serving this database, or an import runs. Stop all nodes first: an import of events fills an empty store, alone.");

        // In development a table may still have to be made.
        foreach (var kept in StoredView.Of(store).Select(view => view.DocumentType).Append(typeof(IEvent)).Append(typeof(ViewLifecycle)))
            await store.Storage.Database.EnsureStorageExistsAsync(kept, stop);

        using var file = InputFile.Open(path);
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        using var import = new EventImport(store, transaction, file, progress, stop);
        await import.MustBeEmpty();
        await import.CopyLines();
        await import.LeaveOut();
        var views = new ImportedViews(store, transaction, progress, stop);
        await views.Make();
        await import.StandBehind();
        await transaction.CommitAsync(stop);
        return new(path, import.Position, import.walk.Streams, import.walk.Events, views.Orders, views.Unreadable, views.Examples, Math.Round(clock.Elapsed.TotalSeconds, 3));
    }

    /// <inheritdoc />
    public void Dispose() => walk.Dispose();

    async Task MustBeEmpty()
    {
        await using var question = Command("select exists (select from events.mt_streams) or exists (select from events.mt_events)");
        if (await question.ExecuteScalarAsync(stop) is true)
            throw new BadInputException("This store is not empty, and an export of events is all of a store: import it into a new database.");
    }

    async Task CopyLines()
    {
        try
        {
            await foreach (var line in TextLines.Of(file.Content, stop))
            {
                if (line.Span[^1] != (byte)'\n') break;
                walk.Read(line, Copy);
            }
        }
        catch (Exception e) when (InputFile.IsUnreadable(e))
        {
            throw InputFile.Unreadable(file.Name, e);
        }
        finally
        {
            // One that is not completed is undone.
            if (walk.End is null) copy?.Rows.Dispose();
        }

        if (walk.End is null)
            throw new BadInputException($"{file.Name} was cut short: it ends in the middle, and nothing of it was imported. Run the same 'export' again, which goes on where it ended.");
        Complete();
        if (Position < walk.LastSequence || Position - walk.LastSequence > MostNumbersLeftOut)
            throw new BadInputException($"{file.Name} says that it ends at position {Position}, but its last event has {walk.LastSequence}: it is not as it was exported.");
        if (walk.Header!.After > 0) throw new BadInputException($"{file.Name} holds a part of a store only, from behind position {walk.Header.After} on. Export it without --after.");
    }

    void Copy(StoredTable table, System.Text.Json.JsonElement line)
    {
        if (copy is { } begun && (begun.Table != table || begun.Count == MostRows)) Complete();
        if (copy is null)
        {
            stop.ThrowIfCancellationRequested();
            var rows = transaction.Connection!.BeginBinaryImport($"copy {table.Name} ({table.ColumnList}) from stdin (format binary)");
            rows.Timeout = TimeSpan.Zero;
            copy = (table, 0, rows);
            progress.Report(new("events", walk.Events, walk.Header!.EventCount, walk.Events));
        }

        table.Store(line, copy.Value.Rows);
        copy = copy.Value with { Count = copy.Value.Count + 1 };
    }

    void Complete()
    {
        if (copy is not { } begun) return;
        copy = null;
        using (begun.Rows) begun.Rows.Complete();
    }

    /// <summary>What views went on without, they go on without here.</summary>
    async Task LeaveOut()
    {
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.Insert<SkippedEvent>([.. walk.Header!.LeftOut ?? []]);
        await session.SaveChangesAsync(stop);
        await SkippedEvent.Tell(store, session, stop);
    }

    /// <summary>Has the next event stored behind the position of the export, and what follows the events from behind look from there on. The next start looks whether the views are whole.</summary>
    async Task StandBehind()
    {
        await using var numbers = Command(TakeNumbers, Position);
        await numbers.ExecuteNonQueryAsync(stop);
        await using var progression = Command(StandThere, Position, StoredView.Of(store).Select(view => view.Shard).OfType<string>().Append("HighWaterMark").ToArray());
        await progression.ExecuteNonQueryAsync(stop);
        await using var forget = Command($"delete from {store.TableOf<ViewLifecycle>()}");
        await forget.ExecuteNonQueryAsync(stop);
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, transaction.Connection, transaction) { CommandTimeout = 0 };
        foreach (var value in values) command.Parameters.AddWithValue(value);
        return command;
    }
}

/// <summary>What an import of events came to.</summary>
/// <param name="File">The file.</param>
/// <param name="Position">The next event is stored behind this sequence.</param>
/// <param name="Streams">Streams stored.</param>
/// <param name="Events">Events stored.</param>
/// <param name="Orders">Orders whose views were made.</param>
/// <param name="Unreadable">Orders that have events which this version of the service cannot read: stored as they are, but in no view.</param>
/// <param name="Examples">Some of these, each with why.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record EventImportSummary(string File, long Position, long Streams, long Events, long Orders, long Unreadable, IReadOnlyList<UnmadeOrder> Examples, double Seconds);
