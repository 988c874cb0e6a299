using System.Globalization;
using Marten;
using Npgsql;
using OrderMonolith.Http;

namespace OrderMonolith.Views;

/// <summary>A view that is asked questions over many orders: in one that can be relied on, and not for so long that others suffer.</summary>
/// <typeparam name="T">What its documents are.</typeparam>
public sealed class View<T>(NpgsqlDataSource database, IDocumentStore store, ConsistentReads reads, QuestionsAtOnce<T> atOnce)
{
    /// <summary>How long PostgreSQL may work on a question; it ends it then by itself.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    static readonly string Bound = string.Create(CultureInfo.InvariantCulture, $"select set_config('statement_timeout', '{Longest.TotalMilliseconds}', true)");

    /// <summary>All rows that answer a question, when the view has caught up with what the caller knows.</summary>
    /// <param name="http">The request: what it has seen, how long it waits, and when it gives up.</param>
    /// <param name="sql">The question, of the table that it is given, with <c>$1</c>, <c>$2</c> and so on.</param>
    /// <param name="values">What they stand for.</param>
    /// <param name="read">Reads a row.</param>
    /// <exception cref="ProblemException"><c>consistency-token-unknown</c>, <c>projection-behind</c>, <c>query-too-slow</c>, <c>server-busy</c></exception>
    public async Task<List<TRow>> Ask<TRow>(HttpContext http, Func<string, string> sql, object[] values, Func<NpgsqlDataReader, TRow> read)
    {
        await reads.CatchUp<T>(http);
        using var turn = await atOnce.Turn(http.RequestAborted);

        // Sent together both are one transaction, so that the bound ends with it.
        await using var batch = database.CreateBatch();
        var question = new NpgsqlBatchCommand(sql(store.TableOf<T>()));
        foreach (var value in values) question.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(new(Bound));
        batch.BatchCommands.Add(question);
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(http.RequestAborted);
            await reader.NextResultAsync(http.RequestAborted);
            var rows = new List<TRow>();
            while (await reader.ReadAsync(http.RequestAborted)) rows.Add(read(reader));
            return rows;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.QueryCanceled)
        {
            throw new ProblemException("query-too-slow", string.Create(CultureInfo.InvariantCulture, $"The database was given {Longest.TotalSeconds} seconds for it and needs more. Ask for less, such as a shorter period."));
        }
    }
}

/// <summary>Lets only some questions to a view be worked on at once: connections are for commands and for readers of other views too.</summary>
/// <typeparam name="T">What the view's documents are.</typeparam>
public sealed class QuestionsAtOnce<T>(TimeProvider clock) : IDisposable
{
    /// <summary>How many.</summary>
    public const int Most = 4;

    /// <summary>How long a question waits for its turn.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim turns = new(Most);

    /// <summary>Waits until a question may be asked; the turn ends when what is returned is disposed of.</summary>
    /// <exception cref="ProblemException"><c>server-busy</c>: too many others are asked.</exception>
    public async Task<IDisposable> Turn(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await turns.WaitAsync(either.Token);
            return new Ending(turns);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ProblemException("server-busy", "Too many questions over many orders are being answered. Try again in a moment.");
        }
    }

    /// <inheritdoc />
    public void Dispose() => turns.Dispose();

    sealed class Ending(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
