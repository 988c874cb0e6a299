using System.Diagnostics;
using System.Text.Json;
using JasperFx.CommandLine;
using Marten;
using Npgsql;
using OrderMonolith.Operations;
using OrderMonolith.Storage;
using static System.FormattableString;

namespace OrderMonolith.Export;

/// <summary>What <c>export</c> is told.</summary>
public sealed class ExportInput : OperatorInput
{
    const string Events = "events";
    const string Orders = "orders";

    /// <summary>Whether orders are exported; else events are.</summary>
    /// <exception cref="BadInputException">Neither is meant.</exception>
    [IgnoreOnCommandLine]
    public bool WantsOrders => WhatFlag switch
    {
        Events => false,
        Orders => true,
        var other => throw new BadInputException($"--what must be {Events} or {Orders}, not '{other}'."),
    };

    /// <summary>The file.</summary>
    [Description("The file to make, compressed if it ends in .gz; - for standard output. Until it is whole it is called FILE.part: the same command goes on with that")]
    public string File { get; set; } = "";

    /// <summary>What is exported.</summary>
    [Description("events (unless said): as they are stored, for import. orders: a line each as GET /v1/orders/{orderId} answers it, of one moment; cut short, it begins anew")]
    [FlagAlias("what", true)]
    public string WhatFlag { get; set; } = Events;

    /// <summary>The order that it is limited to.</summary>
    [Description("This order only")]
    [FlagAlias("order", true)]
    public Guid? OrderFlag { get; set; }

    /// <summary>The sequence behind which it begins.</summary>
    [Description("Only events behind this position, such as that of the export before. Such a part cannot be imported")]
    [FlagAlias("after", true)]
    public long AfterFlag { get; set; }
}

/// <summary>Exports events or orders.</summary>
[Description("Export all events as they are stored, which import makes the same store of, or the orders: JSON in lines, also while nodes serve. Ends with 2 where the file is there", Name = "export")]
public sealed class ExportCommand : OperatorCommand<ExportInput>
{
    /// <inheritdoc />
    protected override bool ReadsViews(ExportInput input) => input.WantsOrders;

    /// <inheritdoc />
    protected override async Task<ExitCode> Run(ExportInput input, CancellationToken cancellationToken)
    {
        if (input.AfterFlag < 0) throw new BadInputException("--after must be a position, 0 or more.");
        if (input.AfterFlag > 0 && input.WantsOrders) throw new BadInputException("--after goes with events.");
        var clock = Stopwatch.StartNew();
        var (database, store) = (Services.GetRequiredService<NpgsqlDataSource>(), Services.GetRequiredService<IDocumentStore>());
        if (input.OrderFlag is { } order) await MustExist(store, order, cancellationToken);
        if (input.WantsOrders)
        {
            var orders = await Terminal.Watch(progress =>
                OrderExport.Run(database, store, input.File, input.OrderFlag, progress, cancellationToken));
            Tell(input, new { input.File, Orders = orders, Seconds = Seconds(clock) }, [Invariant($"{orders:N0} orders to {input.File} in {Seconds(clock):N1} s")]);
            return ExitCode.Done;
        }

        var s = await Terminal.Watch(progress => EventExport.Run(
            store, database, Services.GetRequiredService<StoreEpoch>(), input.File, new(input.AfterFlag, input.OrderFlag), progress, cancellationToken));
        Tell(input, new { s.File, s.Resumed, s.Header.Position, s.Streams, s.Events, s.EventsWritten, s.Sha256, Seconds = Seconds(clock) },
        [
            Invariant($"{s.Events:N0} events of {s.Streams:N0} streams up to position {s.Header.Position} to {s.File} in {Seconds(clock):N1} s ({s.EventsWritten / Seconds(clock):N0} events/s)"),
            .. s.Resumed ? [Invariant($"{s.Events - s.EventsWritten:N0} events of an export that was cut short were there already")] : (string[])[],
            $"sha256 {s.Sha256}",
        ]);
        return ExitCode.Done;
    }

    /// <summary>Nothing is made of an order that is not there.</summary>
    static async Task MustExist(IDocumentStore store, Guid order, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        if (await session.Events.FetchStreamStateAsync(order, cancellation) is null) throw new BadInputException($"There is no order {order}.");
    }

    static double Seconds(Stopwatch clock) => Math.Max(Math.Round(clock.Elapsed.TotalSeconds, 3), 0.001);

    /// <summary>Where standard output is the export, its end is told on standard error.</summary>
    static void Tell<T>(ExportInput input, T summary, IEnumerable<string> sentences)
    {
        if (input.File != ExportFile.StandardOutput) Terminal.Tell(summary, input.JsonFlag, sentences);
        else if (input.JsonFlag) Terminal.Complain(JsonSerializer.Serialize(summary, Json.Stored));
        else foreach (var sentence in sentences) Terminal.Complain(sentence);
    }
}
