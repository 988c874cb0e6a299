using System.Diagnostics;
using Marten;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>
/// One import of one file. Orders are stored as their invoices close, many to a transaction, while the next rows are read; credit notes are decided
/// after all orders of the file. Whatever was committed is found again by the next import, so one that was interrupted is simply started again.
/// </summary>
public sealed class OrderImport : IAsyncDisposable
{
    const int MostInvoices = 100;
    const int MostBytes = 400_000;
    const int MostInFlight = 2;
    const int MostNotes = 100;

    readonly LegacyFile file;
    readonly ImportSummary summary;
    readonly IProgress<Progress> progress;
    readonly CancellationToken stop;
    readonly Scratch scratch;
    readonly PastOrders orders;
    readonly CreditNotes notes;

    readonly OpenInvoices open = new();
    readonly List<Invoice> closed = [];
    readonly Queue<Task<List<StoredInvoice>>> inFlight = [];
    long closedBytes;

    OrderImport(IDocumentStore store, Scratch scratch, LegacyFile file, ImportSummary summary, IProgress<Progress> progress, CancellationToken stop)
    {
        (this.file, this.summary, this.progress, this.scratch, this.stop) = (file, summary, progress, scratch, stop);
        orders = new(store, "import", ActivityTraceId.CreateRandom().ToHexString());
        notes = new(store, orders);
    }

    sealed record StoredInvoice(DecidedOrder Invoice, PastOrderOutcome? Outcome);

    /// <summary>Imports a file.</summary>
    /// <param name="store">Where the orders go.</param>
    /// <param name="database">The store's database.</param>
    /// <param name="path">The file.</param>
    /// <param name="refusedPath">Where the list of refused rows goes; absent: beside the file.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="stop">Ends it between two transactions.</param>
    /// <exception cref="BadInputException">The file is not an export of the legacy shop, or the list of refused rows cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; what was committed stays.</exception>
    public static async Task<ImportSummary> Run(
        IDocumentStore store, NpgsqlDataSource database, string path, string? refusedPath, IProgress<Progress> progress, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var summary = new ImportSummary { File = path, RefusedFile = refusedPath ?? $"{path}.refused.csv" };
        using var file = LegacyFile.Open(path);
        if (Path.GetFullPath(summary.RefusedFile) == Path.GetFullPath(path)) throw new BadInputException("The refused rows cannot be written over the file itself.");
        RefusedFile.MustBeWritable(summary.RefusedFile);

        await using var import = new OrderImport(store, await Scratch.Create(database), file, summary, progress, stop);
        await import.ReadOrders();
        await import.DecideCreditNotes();
        await RefusedFile.Write(summary.RefusedFile, import.scratch.Refused());
        summary.Seconds = Math.Round(clock.Elapsed.TotalSeconds, 3);
        return summary;
    }

    /// <summary>Waits for what is being committed.</summary>
    public async ValueTask DisposeAsync()
    {
        await ((Task)Task.WhenAll(inFlight)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await scratch.DisposeAsync();
    }

    async Task ReadOrders()
    {
        foreach (var raw in file.Rows())
        {
            stop.ThrowIfCancellationRequested();
            summary.Rows++;
            await CloseBefore(raw.Number);
            await Take(raw);
            if (summary.Rows % 512 == 0) progress.Report(new("rows", file.Position, file.Length, summary.Rows));
        }

        await CloseBefore(long.MaxValue);
        await StoreClosed();
        while (inFlight.TryDequeue(out var batch)) await Count(await batch);
        progress.Report(new("rows", file.Length, file.Length, summary.Rows));
    }

    Task Take(RawRow raw)
    {
        if (LegacyRow.Read(raw) is not { } row) return Refuse([Refusal.Malformed(raw)]);
        if (Invoice.KindOf(row.InvoiceNo) is InvoiceKind.Unknown) return Refuse([Refusal.Of(row, Refusal.UnknownInvoiceKind)]);
        return open.TryAdd(row) ? Task.CompletedTask : Refuse([Refusal.Of(row, Refusal.ValidationFailed)]);
    }

    async Task CloseBefore(long row)
    {
        while (open.TryClose(row, out var invoice))
        {
            closed.Add(invoice);
            closedBytes += invoice.Size;
            if (closed.Count >= MostInvoices || closedBytes >= MostBytes) await StoreClosed();
        }
    }

    async Task StoreClosed()
    {
        stop.ThrowIfCancellationRequested();
        var firstTime = await scratch.Close(closed.Select(invoice => invoice.OrderId));
        List<Refusal> refused = [];
        List<CreditNote> creditNotes = [];
        List<Invoice> invoices = [];
        foreach (var invoice in closed)
        {
            if (!firstTime.Remove(invoice.OrderId)) refused.AddRange(invoice.Rows.Select(row => Refusal.Of(row, Refusal.InvoiceClosed)));
            else if (invoice.Kind is InvoiceKind.Order) invoices.Add(invoice);
            else if (invoice.AsCreditNote(refused) is { } note) creditNotes.Add(note);
        }

        (closedBytes, _) = (0, closed.RemoveAll(_ => true));
        await Refuse(refused);
        await scratch.Keep(creditNotes);

        if (inFlight.Count >= MostInFlight) await Count(await inFlight.Dequeue());
        inFlight.Enqueue(Task.Run(() => Store(invoices), CancellationToken.None));
    }

    async Task<List<StoredInvoice>> Store(List<Invoice> invoices)
    {
        var decided = invoices.ConvertAll(invoice => invoice.AsOrder());
        var outcomes = await orders.Store([.. decided.Select(d => d.Order).OfType<PastOrder>()]);
        return decided.ConvertAll(d => new StoredInvoice(d, d.Order is { } order ? outcomes[order.Id] : null));
    }

    async Task Count(List<StoredInvoice> stored)
    {
        foreach (var (invoice, outcome) in stored)
        {
            await Refuse(invoice.Refused);
            switch (outcome)
            {
                case PastOrderOutcome.Stored:
                    summary.OrdersCreated++;
                    summary.EventsAppended += invoice.Order!.Facts.Count;
                    summary.Accepted += invoice.Accepted.Count;
                    break;
                case PastOrderOutcome.AlreadyThere:
                    summary.OrdersAlreadyThere++;
                    summary.AlreadyThere += invoice.Accepted.Count;
                    summary.Accepted += invoice.Accepted.Count;
                    break;
                case PastOrderOutcome.IdTaken:
                    await Refuse(invoice.Accepted.Select(row => Refusal.Of(row, Refusal.IdTaken)));
                    break;
            }
        }
    }

    async Task DecideCreditNotes()
    {
        var (done, all) = (0L, await scratch.CountNotes());
        for (var after = 0L; await scratch.NotesAfter(after, MostNotes) is { Count: > 0 } next; after = next[^1].FirstRow)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var (note, outcome) in next.Zip(await notes.Apply(next))) await Count(note, outcome);
            progress.Report(new("credit notes", done += next.Count, all, done));
        }
    }

    async Task Count(CreditNote note, CreditNoteOutcome outcome)
    {
        switch (outcome)
        {
            case CreditNoteOutcome.Applied:
                summary.CreditNotesApplied++;
                summary.EventsAppended++;
                summary.Accepted += note.Rows.Count;
                break;
            case CreditNoteOutcome.AlreadyThere:
                summary.CreditNotesAlreadyThere++;
                summary.AlreadyThere += note.Rows.Count;
                summary.Accepted += note.Rows.Count;
                break;
            default:
                summary.CreditNotesRefused++;
                await Refuse(note.Rows.Select(row => Refusal.Of(row, Refusal.PartialReturn)));
                break;
        }
    }

    Task Refuse(IEnumerable<Refusal> refused) => scratch.Refuse(refused.Select(refusal =>
    {
        summary.Count(refusal);
        return refusal;
    }));
}
