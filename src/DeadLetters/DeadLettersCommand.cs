using System.Text.Json;
using JasperFx.CommandLine;
using OrderMonolith.Http;
using OrderMonolith.Operations;
using static System.FormattableString;
using DescriptionAttribute = JasperFx.CommandLine.DescriptionAttribute;

namespace OrderMonolith.DeadLetters;

/// <summary>What <c>dead-letters</c> is told.</summary>
public sealed class DeadLettersInput : OperatorInput
{
    /// <summary>What to do.</summary>
    [Description("list; show a letter with its message; retry letters; discard a letter for good")]
    public string Action { get; set; } = "";

    /// <summary>Which letters.</summary>
    [Description("The letters, as 'list' names them")]
    public IEnumerable<string> Ids { get; set; } = [];

    /// <summary>Whether all that wait are meant.</summary>
    [Description("With retry: all that wait, at most 1000, the first to fail first")]
    [FlagAlias("all", true)]
    public bool AllFlag { get; set; }

    /// <summary>Of which kind.</summary>
    [Description("Only those of this kind: message, delivery or event")]
    [FlagAlias("kind", true)]
    public string? KindFlag { get; set; }

    /// <summary>Of which type.</summary>
    [Description("Only those of this type, such as abandon_order")]
    [FlagAlias("type", true)]
    public string? TypeFlag { get; set; }

    /// <summary>What became of them.</summary>
    [Description("With list: those that are waiting, retried or discarded; waiting unless said")]
    [FlagAlias("state", true)]
    public string? StateFlag { get; set; }

    /// <summary>Whether only to say what would be done.</summary>
    [Description("With retry: only say which would be tried again")]
    [FlagAlias("dry-run", true)]
    public bool DryRunFlag { get; set; }

    /// <summary>What to send instead.</summary>
    [Description("With retry of one message: a file with the message to send instead, as JSON")]
    [FlagAlias("edit", true)]
    public string? EditFlag { get; set; }

    /// <summary>Why.</summary>
    [Description("With discard: why; kept for those who ask later")]
    [FlagAlias("reason", true)]
    public string? ReasonFlag { get; set; }
}

/// <summary>Looks after what did not get through.</summary>
[Description("List what did not get through (messages whose handler failed, deliveries that were given up, events that stopped a view), try it again or give it up. Ends with 1 if something could not be done", Name = "dead-letters")]
public sealed class DeadLettersCommand : OperatorCommand<DeadLettersInput>
{
    /// <summary>Some of what it does takes no letters.</summary>
    public DeadLettersCommand()
    {
        Usage("List letters, or retry all of them").Arguments(input => input.Action);
        Usage("Work on some letters").Arguments(input => input.Action, input => input.Ids);
    }

    DeadLetterOffice Office => Services.GetRequiredService<DeadLetterOffice>();

    /// <inheritdoc />
    protected override bool ReadsViews(DeadLettersInput input) => false;

    /// <inheritdoc />
    protected override async Task<ExitCode> Run(DeadLettersInput input, CancellationToken cancellationToken)
    {
        try
        {
            return (input.Action, input.Ids.ToList()) switch
            {
                ("list", []) => await List(input, cancellationToken),
                ("show", [var id]) => Tell(await Office.Find(id, cancellationToken), input),
                ("retry", [var id]) when input is { EditFlag: { } file, AllFlag: false, DryRunFlag: false } => Tell(await Office.Retry(id, Edited(file), Environment.UserName, cancellationToken), input),
                ("retry", [_, ..] ids) when input is { AllFlag: false, EditFlag: null } => Tell(await Office.RetryAll(ids, input.DryRunFlag, Environment.UserName, cancellationToken), input),
                ("retry", []) when input is { AllFlag: true, EditFlag: null } => Tell(await Office.RetryAll(Filter(input), input.DryRunFlag, Environment.UserName, cancellationToken), input),
                ("discard", [var id]) when input is { ReasonFlag: { Length: > 0 } reason, DryRunFlag: false } => Tell(await Office.Discard(id, reason, Environment.UserName, cancellationToken), input),
                _ => throw new BadInputException("Say list, show ID, retry ID…, retry --all, retry ID --edit FILE, or discard ID --reason TEXT."),
            };
        }
        catch (ProblemException e)
        {
            throw new SetupException(e.Message);
        }
    }

    async Task<ExitCode> List(DeadLettersInput input, CancellationToken cancellation)
    {
        using var report = new Report(input.JsonFlag);
        var (letters, filter) = (0L, Filter(input));
        for (string? cursor = null; ;)
        {
            var page = await Office.Page(filter, cursor, ManyLetters.Most);
            foreach (var letter in page.Items) report.Add(letter, Sentence);
            letters += page.Items.Count;
            if ((cursor = page.Next) is null) break;
            cancellation.ThrowIfCancellationRequested();
        }

        report.Finish(new { Letters = letters }, (_, _) => [Invariant($"{letters:N0} dead letters")]);
        return ExitCode.Done;
    }

    static LetterFilter Filter(DeadLettersInput input) => new(
        input.KindFlag is null ? null : Word<LetterKind>("--kind", input.KindFlag),
        input.TypeFlag is "" ? throw new BadInputException("--type is empty. Leave it out for letters of all types.") : input.TypeFlag,
        input.StateFlag is null ? LetterState.Waiting : Word<LetterState>("--state", input.StateFlag));

    static T Word<T>(string option, string given)
        where T : struct, Enum => Enum.GetNames<T>().FirstOrDefault(name => name.Equals(given, StringComparison.OrdinalIgnoreCase)) is { } name
        ? Enum.Parse<T>(name)
        : throw new BadInputException($"{option} is '{given}', but can only be {string.Join(" or ", Enum.GetNames<T>()).ToLowerInvariant()}.");

    static JsonElement Edited(string file)
    {
        try
        {
            return JsonElement.Parse(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BadInputException($"{file} cannot be read as JSON: {e.Message}");
        }
    }

    static ExitCode Tell(DeadLetter letter, DeadLettersInput input)
    {
        Terminal.Tell(letter, input.JsonFlag, [Sentence(letter), .. letter.Message is { } message ? [message.GetRawText()] : Array.Empty<string>()]);
        return ExitCode.Done;
    }

    static ExitCode Tell(ManyOutcomes outcomes, DeadLettersInput input)
    {
        var refused = outcomes.Items.Count(one => one.Problem is not null);
        Terminal.Tell(outcomes, input.JsonFlag,
        [
            .. outcomes.Items.Select(one => $"{one.Id} {one.Problem ?? (outcomes.DryRun && one.State is LetterState.Waiting ? "would be tried again" : $"{one.State}")}"),
            Invariant($"{outcomes.Items.Count - refused:N0} {(outcomes.DryRun ? "would be" : "are")} tried again, {refused:N0} cannot be{(outcomes.More ? "; there are more" : "")}"),
        ]);
        return refused == 0 ? ExitCode.Done : ExitCode.Wrong;
    }

    static string Sentence(DeadLetter letter) => Invariant(
        $"{letter.Id} {letter.FailedAt:yyyy-MM-ddTHH:mm:ssZ} {letter.Type}{(letter.OrderId is { } order ? $" of order {order}" : "")}{(letter.Target is { } target ? $" to {target}" : "")}{(letter.Attempts is { } attempts ? $" after {attempts} attempts" : "")}: {letter.Why.ReplaceLineEndings(" ")}{(letter.Treatment is { } treatment ? Invariant($" [{letter.State} by {treatment.By} at {treatment.At:yyyy-MM-ddTHH:mm:ssZ}{(treatment.Reason is { } reason ? $": {reason}" : "")}]") : "")}");
}
