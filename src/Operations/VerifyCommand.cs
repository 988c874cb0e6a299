using JasperFx.CommandLine;
using Marten;
using OrderMonolith.Proofs;
using OrderMonolith.Views;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>What <c>verify</c> is told.</summary>
public sealed class VerifyInput : OperatorInput
{
    /// <summary>Whether to make good what is wrong.</summary>
    [Description("Write what differs anew from the order's events, and look again; what is told was wrong before")]
    [FlagAlias("repair", true)]
    public bool RepairFlag { get; set; }
}

/// <summary>Compares every stored view with what the events say.</summary>
[Description("Fold every order's events and compare with the stored views, also while nodes serve. Names each order that differs and ends with 1 if any does, or still does after --repair", Name = "verify")]
public sealed class VerifyCommand : OperatorCommand<VerifyInput>
{
    /// <inheritdoc />
    protected override async Task<ExitCode> Run(VerifyInput input, CancellationToken cancellationToken)
    {
        using var report = new Report(input.JsonFlag);
        var store = Services.GetRequiredService<IDocumentStore>();
        var wrong = new List<Difference>();
        var summary = await Terminal.Watch(progress => new Verification(store, cancellationToken).OfAll(
            difference =>
            {
                report.Add(difference, Sentence);
                if (input.RepairFlag || wrong.Count < Drift.MostKept) wrong.Add(difference);
            },
            progress));
        IReadOnlyList<Difference> left = wrong;
        if (input.RepairFlag) summary.StillWrong = (left = await new Repair(store, Services.GetRequiredService<TimeProvider>(), cancellationToken).Of(wrong)).Count;
        await Drift.Record(store, left, Services.GetRequiredService<TimeProvider>().GetUtcNow(), cancellationToken);
        report.Finish(summary, Sentences);
        return summary is { Differences: 0 } or { StillWrong: 0 } ? ExitCode.Done : ExitCode.Wrong;
    }

    /// <summary>How people are told of a difference.</summary>
    internal static string Sentence(Difference d) => $"{d.OrderId} in {d.View}: {d.How}";

    static IEnumerable<string> Sentences(VerificationSummary s, double seconds) =>
    [
        Invariant($"{s.Orders:N0} orders with {s.Events:N0} events in {seconds:N1} s: {s.Differences:N0} differences"),
        .. s.StillWrong is { } left ? [Invariant($"{s.Differences - left:N0} repaired, {left:N0} still wrong")] : Array.Empty<string>(),
        .. s.EventsBehind.Select(b => Invariant($"{b.Key} follows from behind and had not seen {b.Value:N0} events; what it had seen was compared")),
    ];
}
