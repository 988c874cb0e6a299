using JasperFx.CommandLine;
using Marten;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>What <c>seed</c> is told.</summary>
public sealed class SeedInput : OperatorInput
{
    /// <summary>How many orders.</summary>
    [Description("How many orders; 100 unless said")]
    [FlagAlias("orders", true)]
    public int OrdersFlag { get; set; } = 100;

    /// <summary>Which orders.</summary>
    [Description("Any number: the same one makes the same orders, and those that are there already are not made again")]
    [FlagAlias("seed", true)]
    public int? SeedFlag { get; set; }
}

/// <summary>Makes demo orders.</summary>
[Description("Make plausible demo orders: several customers, products and currencies; pending, confirmed and cancelled, over the last 90 days", Name = "seed")]
public sealed class SeedCommand : OperatorCommand<SeedInput>
{
    /// <inheritdoc />
    protected override async Task<ExitCode> Run(SeedInput input, CancellationToken cancellationToken)
    {
        if (input.OrdersFlag < 1) throw new BadInputException("--orders must be 1 or more.");
        var seed = input.SeedFlag ?? Random.Shared.Next();
        var summary = await Terminal.Watch(progress => Seeding.Run(
            Services.GetRequiredService<IDocumentStore>(), Services.GetRequiredService<TimeProvider>(), seed, input.OrdersFlag, progress, cancellationToken));
        Terminal.Tell(summary, input.JsonFlag,
        [
            Invariant($"{summary.Orders:N0} demo orders: {summary.Created:N0} created, {summary.AlreadyThere:N0} already there; {summary.EventsAppended:N0} events in {summary.Seconds:N1} s"),
            Invariant($"--seed {summary.Seed} makes the same orders again"),
        ]);
        return ExitCode.Done;
    }
}
