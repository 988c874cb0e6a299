using JasperFx.CommandLine;
using Marten;
using OrderMonolith.History;
using OrderMonolith.Orders;
using static System.FormattableString;
using DescriptionAttribute = JasperFx.CommandLine.DescriptionAttribute;

namespace OrderMonolith.Operations;

/// <summary>What <c>what-if</c> is told.</summary>
public sealed class WhatIfInput : OperatorInput
{
    /// <summary>The rule.</summary>
    [Description("The rule, NAME or NAME=VALUE; without it the rules are listed")]
    [FlagAlias("rule", true)]
    public string? RuleFlag { get; set; }

    /// <summary>When the rule would have come into force.</summary>
    [Description("When the rule would have come into force, such as 2026-01-31 or 2026-01-31T10:00:00Z; from the beginning unless said")]
    [FlagAlias("since", true)]
    public string? SinceFlag { get; set; }

    /// <summary>Up to when.</summary>
    [Description("Up to when: nothing from this time on is looked at")]
    [FlagAlias("until", true)]
    public string? UntilFlag { get; set; }
}

/// <summary>Tries a rule on what happened.</summary>
[Description("Fold history anew under a rule that is not in force, and tell which orders and totals would differ. Writes nothing", Name = "what-if")]
public sealed class WhatIfCommand : OperatorCommand<WhatIfInput>
{
    /// <inheritdoc />
    protected override bool ReadsViews(WhatIfInput input) => false;

    /// <inheritdoc />
    protected override async Task<ExitCode> Run(WhatIfInput input, CancellationToken cancellationToken)
    {
        var (since, until) = (Terminal.Time("--since", input.SinceFlag) ?? DateTimeOffset.MinValue, Terminal.Time("--until", input.UntilFlag) ?? DateTimeOffset.MaxValue);
        if (since >= until) throw new BadInputException("--since must be before --until.");
        var rule = CandidateRule.Parse(input.RuleFlag ?? "") ?? throw new BadInputException(string.Join(Environment.NewLine, Rules(input.RuleFlag)));
        var trial = new RuleTrial(rule, since);

        using var report = new Report(input.JsonFlag);
        var summary = await Terminal.Watch(async progress =>
        {
            await foreach (var history in OrderHistories.Between(Services.GetRequiredService<IDocumentStore>(), since, until, cancellationToken))
            {
                if (trial.Take(history) is { } changed) report.Add(changed, Sentence);
                progress.Report(new("orders", trial.Summary.Orders, 0, trial.Summary.Orders));
            }

            return trial.Summary;
        });
        report.Finish(summary, Sentences);
        return ExitCode.Done;
    }

    static IEnumerable<string> Rules(string? said) => CandidateRule.All
        .Select(rule => rule.Takes is { } values ? Invariant($"  {rule.Name + "=N",-18} {rule.Help}; N from {values.Least} to {values.Most}") : $"  {rule.Name,-18} {rule.Help}")
        .Prepend($"{(said is null ? "" : $"'{said}' is none. ")}Say which rule to try: --rule NAME or --rule NAME=VALUE, of these:");

    static string Sentence(ChangedOrder o) => Invariant(
        $"{o.OrderId} {o.Was.Status} {o.Was.TotalAmount:0.####} {o.Currency} would be {o.WouldBe.Status} {o.WouldBe.TotalAmount:0.####}{string.Concat(o.Refusals.Take(3).Select(r => Invariant($"; event {r.Version} {r.Code}")))}{(o.Refusals.Count > 3 ? "; …" : "")}");

    static IEnumerable<string> Sentences(RuleTrialSummary s, double seconds) =>
    [
        Invariant($"{s.Orders:N0} orders in {seconds:N1} s: {s.Changed:N0} would differ{string.Concat(s.Refused.Select(r => Invariant($", {r.Key} {r.Value:N0}")))}"),
        .. s.Confirmed.Select(c => Invariant($"{c.Key}: {c.Value.OrdersWere:N0} confirmed orders of {c.Value.TotalWas:N2} would be {c.Value.OrdersWouldBe:N0} of {c.Value.TotalWouldBe:N2}")),
    ];
}
