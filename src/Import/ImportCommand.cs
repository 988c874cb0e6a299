using JasperFx.CommandLine;
using Marten;
using Npgsql;
using OrderMonolith.Operations;
using static System.FormattableString;

namespace OrderMonolith.Import;

/// <summary>What <c>import</c> is told.</summary>
public sealed class ImportInput : OperatorInput
{
    /// <summary>The file.</summary>
    [Description("An export of events, for an empty database; or CSV in the layout of the Online Retail data set, times in UTC. Also gzipped. Data rows count from 1; a row may have 64 KiB, an invoice 10,000 rows")]
    public string File { get; set; } = "";

    /// <summary>Where refused rows go.</summary>
    [Description("Where the refused rows of CSV are listed: row number, code, the row. Default: <FILE>.refused.csv")]
    [FlagAlias("refused", true)]
    public string? RefusedFlag { get; set; }
}

/// <summary>Imports the legacy shop's orders, or all events of another store.</summary>
[Description("Import what export made into an empty database, all or nothing; or orders and credit notes of the legacy shop, of which importing again adds nothing. Ends with 0 also where rows were refused, 1 where an order has events that this version cannot read, 2 for a file or a store that cannot be used", Name = "import")]
public sealed class ImportCommand : OperatorCommand<ImportInput>
{
    /// <inheritdoc />
    protected override bool ReadsViews(ImportInput input) => !EventImport.Begins(input.File);

    /// <inheritdoc />
    protected override async Task<ExitCode> Run(ImportInput input, CancellationToken cancellationToken)
    {
        var (store, database) = (Services.GetRequiredService<IDocumentStore>(), Services.GetRequiredService<NpgsqlDataSource>());
        if (EventImport.Begins(input.File))
        {
            if (input.RefusedFlag is not null) throw new BadInputException("--refused goes with CSV: of an export of events, all or nothing is imported.");
            var events = await Terminal.Watch(progress => EventImport.Run(store, database, input.File, progress, cancellationToken));
            Terminal.Tell(events, input.JsonFlag, Sentences(events));
            return events.Unreadable == 0 ? ExitCode.Done : ExitCode.Wrong;
        }

        var summary = await Terminal.Watch(progress => OrderImport.Run(store, database, input.File, input.RefusedFlag, progress, cancellationToken));
        Terminal.Tell(summary, input.JsonFlag, Sentences(summary));
        return ExitCode.Done;
    }

    static IEnumerable<string> Sentences(EventImportSummary s) =>
    [
        Invariant($"{s.Events:N0} events of {s.Streams:N0} streams up to position {s.Position} in {s.Seconds:N1} s ({s.Events / s.Seconds:N0} events/s); views of {s.Orders:N0} orders made"),
        .. s.Examples.Select(order => $"{order.OrderId}: {order.Why.ReplaceLineEndings(" ")}"),
        .. s.Unreadable == 0 ? []
            : (string[])[Invariant($"{s.Unreadable:N0} orders have events that this version cannot read or fold: they are stored as they were, but a view lacks them. Run 'projections rebuild --in-place' with the version that wrote them.")],
    ];

    static IEnumerable<string> Sentences(ImportSummary s) =>
    [
        Invariant($"{s.Rows:N0} rows of {s.File} in {s.Seconds:N1} s ({s.RowsPerSecond:N0} rows/s)"),
        Invariant($"accepted      {s.Accepted,12:N0}   {s.AlreadyThere:N0} of them already there"),
        Invariant($"refused       {s.Refused,12:N0}   {Codes(s)}"),
        Invariant($"orders        {s.Orders,12:N0}   {s.OrdersCreated:N0} created, {s.OrdersAlreadyThere:N0} already there"),
        Invariant($"credit notes  {s.OrdersCancelled + s.CreditNotesRefused,12:N0}   {s.CreditNotesApplied:N0} applied, {s.CreditNotesAlreadyThere:N0} already there, {s.CreditNotesRefused:N0} partial returns"),
        Invariant($"events        {s.EventsAppended,12:N0}   appended now"),
    ];

    static string Codes(ImportSummary s) => s.Refused == 0 ? "" : string.Join(", ", s.RefusedBy.Select(r => Invariant($"{r.Key} {r.Value:N0}"))) + $", listed in {s.RefusedFile}";
}
