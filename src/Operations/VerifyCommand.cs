using JasperFx.CommandLine;
using Marten;
using OrderMonolith.Views;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>What <c>verify</c> is told.</summary>
public sealed class VerifyInput : OperatorInput;

/// <summary>Compares every stored view with what the events say.</summary>
[Description("Fold every order's events and compare with the stored views, also while nodes serve. Names each order that differs and ends with 1 if any does", Name = "verify")]
public sealed class VerifyCommand : OperatorCommand<VerifyInput>
{
    /// <inheritdoc />
    protected override async Task<ExitCode> Run(VerifyInput input, CancellationToken cancellationToken)
    {
        using var report = new Report(input.JsonFlag);
        var summary = await Terminal.Watch(progress => new Verification(
            Services.GetRequiredService<IDocumentStore>(), difference => report.Add(difference, Sentence), progress, cancellationToken).Run());
        report.Finish(summary, Sentences);
        return summary.Differences == 0 ? ExitCode.Done : ExitCode.Wrong;
    }

    /// <summary>How people are told of a difference.</summary>
    internal static string Sentence(Difference d) => $"{d.OrderId} in {d.View}: {d.How}";

    static IEnumerable<string> Sentences(VerificationSummary s, double seconds) =>
    [
        Invariant($"{s.Orders:N0} orders with {s.Events:N0} events in {seconds:N1} s: {s.Differences:N0} differences"),
        .. s.EventsBehind.Select(b => Invariant($"{b.Key} follows from behind and had not seen {b.Value:N0} events; what it had seen was compared")),
    ];
}
