using JasperFx.CommandLine;
using Marten;
using OrderMonolith.History;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>What <c>events</c> is told.</summary>
public sealed class EventsInput : OperatorInput
{
    /// <summary>What to do instead of finding events.</summary>
    [Description("check: read every stored event as this version would, before it is deployed; ends with 1 if one cannot be read")]
    public string Action { get; set; } = "";

    /// <summary>The trace that events belong to.</summary>
    [Description("Of this trace: an answer's Trace-Id, a problem's traceId, or the correlationId of another event")]
    [FlagAlias("correlation", true)]
    public string? CorrelationFlag { get; set; }

    /// <summary>What led to events.</summary>
    [Description("Led to by this: an Idempotency-Key, or an import's reference")]
    [FlagAlias("causation", true)]
    public string? CausationFlag { get; set; }

    /// <summary>Who caused events.</summary>
    [Description("Caused by this actor: a token's subject, anonymous, import or system")]
    [FlagAlias("actor", true)]
    public string? ActorFlag { get; set; }

    /// <summary>The first moment that counts.</summary>
    [Description("From this time on, such as 2026-01-31 or 2026-01-31T10:00:00Z")]
    [FlagAlias("since", true)]
    public string? SinceFlag { get; set; }

    /// <summary>The first moment that no longer counts.</summary>
    [Description("Before this time")]
    [FlagAlias("until", true)]
    public string? UntilFlag { get; set; }
}

/// <summary>Finds events of all orders.</summary>
[Description("Find events of all orders, by who caused them, from what and when; or check that every event can be read", Name = "events")]
public sealed class EventsCommand : OperatorCommand<EventsInput>
{
    /// <summary>Two ways to use it.</summary>
    public EventsCommand()
    {
        Usage("Find events").NoArguments();
        Usage("Read every event").Arguments(x => x.Action).ValidFlags(x => x.JsonFlag);
    }

    /// <inheritdoc />
    protected override bool ReadsViews(EventsInput input) => false;

    /// <inheritdoc />
    protected override Task<ExitCode> Run(EventsInput input, CancellationToken cancellationToken) => input.Action switch
    {
        "" => Find(input, cancellationToken),
        "check" => Check(input, cancellationToken),
        var other => throw new BadInputException($"'{other}' is nothing to do with events: 'events check', or 'events' with what to find."),
    };

    async Task<ExitCode> Find(EventsInput input, CancellationToken cancellation)
    {
        var search = new EventSearch(
            input.CorrelationFlag, input.CausationFlag, input.ActorFlag, Terminal.Time("--since", input.SinceFlag), Terminal.Time("--until", input.UntilFlag));
        if (search.Since >= search.Until) throw new BadInputException("--since must be before --until.");
        if (search == new EventSearch()) throw new BadInputException("Say which events: --correlation, --causation, --actor, --since or --until.");

        var count = 0L;
        using var report = new Report(input.JsonFlag);
        await foreach (var found in search.In(Services.GetRequiredService<IDocumentStore>(), cancellation))
        {
            count++;
            report.Add(found, Sentence);
        }

        report.Finish(new { Events = count }, (s, seconds) => [Invariant($"{s.Events:N0} events in {seconds:N1} s")]);
        return ExitCode.Done;
    }

    async Task<ExitCode> Check(EventsInput input, CancellationToken cancellation)
    {
        using var report = new Report(input.JsonFlag);
        var summary = await Terminal.Watch(progress => new EventCheck(
            Services.GetRequiredService<IDocumentStore>(), unreadable => report.Add(unreadable, Sentence), progress, cancellation).Run());
        report.Finish(summary, Sentences);
        return summary.Unreadable == 0 ? ExitCode.Done : ExitCode.Wrong;
    }

    static string Sentence(FoundEvent found)
    {
        var (orderId, e) = found;
        return Invariant($"{e.Timestamp.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'} {orderId} {e.Version} {e.Type} {e.Data} by {e.Actor} from {e.CausationId} in {e.CorrelationId}");
    }

    static string Sentence(UnreadableEvent e) => Invariant($"{e.OrderId} event {e.Version} ({e.Type}, sequence {e.Sequence}): {e.Why}");

    static IEnumerable<string> Sentences(EventCheckSummary s, double seconds) =>
    [
        .. s.Types.Select(t => Invariant($"{t.Key,-20} {t.Value.Events,12:N0}   read as {t.Value.ReadsAs ?? "nothing"}, {t.Value.Unreadable:N0} cannot be")),
        Invariant($"{s.Events:N0} events in {seconds:N1} s: {s.Unreadable:N0} cannot be read"),
    ];
}
