using JasperFx.CommandLine;
using Marten;
using Npgsql;
using OrderMonolith.Rebuilding;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>What <c>projections</c> is told.</summary>
public sealed class ProjectionsInput : OperatorInput
{
    /// <summary>What to do.</summary>
    [Description("list; rebuild: build views anew beside those that are read, compare row by row, and switch if they are the same; rollback: go back to what was read before; cancel a rebuild; skip: have a view go on without an event that it cannot take")]
    public string Action { get; set; } = "";

    /// <summary>Which view.</summary>
    [Description("Name of the projection; all of them unless said")]
    [FlagAlias("projection", 'p')]
    public string? ProjectionFlag { get; set; }

    /// <summary>Whether differences are meant.</summary>
    [Description("Switch even if what was built differs from what is read, as it does where that was wrong; every difference is told")]
    [FlagAlias("accept-differences", true)]
    public bool AcceptDifferencesFlag { get; set; }

    /// <summary>The event to leave out.</summary>
    [Description("Of the event to leave out, as 'projections list' and the log name it")]
    [FlagAlias("sequence", true)]
    public long? SequenceFlag { get; set; }

    /// <summary>Why it is left out.</summary>
    [Description("Why it is left out; kept for those who ask later")]
    [FlagAlias("reason", true)]
    public string? ReasonFlag { get; set; }
}

/// <summary>Looks after the views.</summary>
[Description("Tell how the views are, build them anew while nodes serve, go back to what was read before. With --in-place: have the daemon empty and fill them, while nobody serves", Name = "projections")]
public sealed class ProjectionsCommand : OperatorCommand<ProjectionsInput>
{
    const string RollBack = "rollback";

    /// <inheritdoc />
    protected override bool ReadsViews(ProjectionsInput input) => false;

    /// <inheritdoc />
    protected override async Task<ExitCode> Run(ProjectionsInput input, CancellationToken cancellationToken)
    {
        var views = await ViewStatus.All(Services.GetRequiredService<IDocumentStore>(), input.ProjectionFlag, cancellationToken);
        if (input is { Action: RollBack or "skip", ProjectionFlag: null }) throw new BadInputException("Say which view: -p NAME.");
        return input.Action switch
        {
            "list" => List(views, input.JsonFlag),
            "rebuild" or RollBack => await Rebuild(views, input, cancellationToken),
            "cancel" => await Cancel(views, cancellationToken),
            "skip" => await Skip(views[0], input, cancellationToken),
            var other => throw new BadInputException($"'{other}' is nothing to do with projections: list, rebuild, rollback, cancel or skip."),
        };
    }

    static ExitCode List(IReadOnlyList<ViewStatus> views, bool json)
    {
        Terminal.Tell(views, json, views.Select(view => Invariant(
            $"{view.Name,-18} version {view.Version}, {view.Lifecycle,-6} {view.State,-9} {view.EventsBehind,8:N0} events behind{(view.CanRollBack ? ", can go back" : "")}{(view.Rebuild is { } rebuild ? $", rebuild {rebuild} under way" : "")}{(view.Why is { } why ? $": {why}" : "")}")));
        return ExitCode.Done;
    }

    async Task<ExitCode> Cancel(IReadOnlyList<ViewStatus> views, CancellationToken cancellation)
    {
        var (called, rebuilds) = (0, Services.GetRequiredService<Rebuilds>());
        foreach (var view in views)
        {
            if (await rebuilds.Cancel(view.Name) is not { } rebuild) continue;

            // Whoever works on it sees that at its next step. Where nobody does, it is put away here.
            await Terminal.Watch(progress => rebuilds.Do(rebuild, _ => { }, new Shown(progress), cancellation));
            called++;
        }

        Terminal.Say(Invariant($"{called} rebuilds called off"));
        return ExitCode.Done;
    }

    async Task<ExitCode> Skip(ViewStatus view, ProjectionsInput input, CancellationToken cancellation)
    {
        if (input is not { SequenceFlag: { } sequence, ReasonFlag: { Length: > 0 } reason }) throw new BadInputException("Say which event and why: --sequence N --reason TEXT.");
        var store = Services.GetRequiredService<IDocumentStore>();
        var skipped = await SkippedEvent.Record(store, StoredView.Of(store).Single(stored => stored.Name == view.Name), sequence, reason, Environment.UserName, Services.GetRequiredService<TimeProvider>().GetUtcNow(), cancellation);
        Terminal.Tell(skipped, input.JsonFlag, [Invariant($"{view.Name} goes on without the event {sequence} ({skipped.Type} of order {skipped.OrderId}); running nodes take that up within seconds")]);
        return ExitCode.Done;
    }

    async Task<ExitCode> Rebuild(IReadOnlyList<ViewStatus> views, ProjectionsInput input, CancellationToken cancellation)
    {
        // Nobody may empty the views meanwhile; nodes that serve are no trouble.
        await using var beside = await LockSession.Open(Services.GetRequiredService<NpgsqlDataSource>(), cancellation);
        if (!await beside.TryShared(cancellation)) throw new SetupException("Something has the views for itself, such as a rebuild in place or an import. Try again when it has ended.");

        var (rebuilds, clock) = (Services.GetRequiredService<Rebuilds>(), Services.GetRequiredService<TimeProvider>());
        using var report = new Report(input.JsonFlag);
        var ends = new List<RebuildProgress>();
        foreach (var view in views)
        {
            var asked = await rebuilds.Request(new(Guid.CreateVersion7(), view.Name, "command line", clock.GetUtcNow())
            {
                RollBack = input.Action is RollBack,
                AcceptDifferences = input.AcceptDifferencesFlag,
            });
            ends.Add(await Terminal.Watch(progress => rebuilds.Do(asked, difference => report.Add(difference, VerifyCommand.Sentence), new Shown(progress), cancellation))
                ?? throw new SetupException($"The view '{view.Name}' is being built anew already: {asked.Id}, asked for by {asked.RequestedBy}."));
        }

        report.Finish(new { Rebuilds = ends }, (_, seconds) => ends.Select(end => Sentence(end, seconds)));
        return ends.TrueForAll(end => end.State is RebuildState.Switched) ? ExitCode.Done : ExitCode.Wrong;
    }

    static string Sentence(RebuildProgress end, double seconds) => Invariant(
        $"{end.View}: {end.State}, {(end.RollBack ? "" : Invariant($"{end.Orders:N0} orders with {end.EventsDone:N0} events at {end.EventsPerSecond:N0}/s, "))}{end.Differences:N0} differences{(end.WritersHeldMilliseconds is { } held ? Invariant($", those who write waited {held:N0} ms") : "")}; {seconds:N1} s in all{(end.Why is { } why ? $". {why}" : "")}");

    sealed class Shown(IProgress<Progress> progress) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) => progress.Report(new($"{value.View}: {value.State}", value.EventsDone, Math.Max(value.EventsDone, value.EventsTotal), value.EventsDone));
    }
}
