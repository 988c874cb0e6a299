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
    [Description("CSV in the layout of the Online Retail data set, also gzipped. Times are UTC. Data rows count from 1; a row may have 64 KiB, an invoice 10,000 rows")]
    public string File { get; set; } = "";

    /// <summary>Where refused rows go.</summary>
    [Description("Where the refused rows are listed: row number, code, the row. Default: <FILE>.refused.csv")]
    [FlagAlias("refused", true)]
    public string? RefusedFlag { get; set; }
}

/// <summary>Imports the legacy shop's orders.</summary>
[Description("Import orders and credit notes of the legacy shop. Importing again adds nothing; exit code 0 also where rows were refused, 2 for an unreadable file", Name = "import")]
public sealed class ImportCommand : OperatorCommand<ImportInput>
{
    /// <inheritdoc />
    protected override async Task<ExitCode> Run(ImportInput input, CancellationToken cancellationToken)
    {
        var (store, database) = (Services.GetRequiredService<IDocumentStore>(), Services.GetRequiredService<NpgsqlDataSource>());
        var summary = await Terminal.Watch(progress => OrderImport.Run(store, database, input.File, input.RefusedFlag, progress, cancellationToken));
        Terminal.Tell(summary, input.JsonFlag, Sentences(summary));
        return ExitCode.Done;
    }

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
