using System.Text.Json;

namespace OrderMonolith.DeadLetters;

/// <summary>What it is that did not get through.</summary>
public enum LetterKind
{
    /// <summary>A message whose handler failed.</summary>
    Message,

    /// <summary>A delivery that was given up.</summary>
    Delivery,

    /// <summary>An event before which a view stopped.</summary>
    Event,
}

/// <summary>What became of it.</summary>
public enum LetterState
{
    /// <summary>It waits for somebody to look.</summary>
    Waiting,

    /// <summary>Somebody had it tried again. Should that fail too, it waits again.</summary>
    Retried,

    /// <summary>Somebody gave it up for good.</summary>
    Discarded,
}

/// <summary>Something that did not get through, and that nothing but somebody's decision moves.</summary>
/// <param name="Id">Its kind and its place there, fit for a path.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Type">The name of the message or event.</param>
/// <param name="FailedAt">When it failed for good.</param>
/// <param name="Why">How it failed the last time.</param>
public sealed record DeadLetter(string Id, LetterKind Kind, string Type, DateTimeOffset FailedAt, string Why)
{
    /// <summary>What became of it.</summary>
    public LetterState State { get; init; }

    /// <summary>The order that it is about.</summary>
    public Guid? OrderId { get; init; }

    /// <summary>Where it was to go: a queue, a target, a view.</summary>
    public string? Target { get; init; }

    /// <summary>The exception's type, where there was one.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>How often it was tried, where that is counted.</summary>
    public int? Attempts { get; init; }

    /// <summary>The trace that it belongs to.</summary>
    public string? TraceId { get; init; }

    /// <summary>What was to be brought there; only where a letter is read alone.</summary>
    public JsonElement? Message { get; init; }

    /// <summary>What somebody did about it, if anybody did.</summary>
    public Treatment? Treatment { get; init; }

    /// <summary>The id of a letter.</summary>
    internal static string IdOf(LetterKind kind, string key) => $"{kind.ToString().ToLowerInvariant()}-{key}";

    /// <summary>What an id says: the kind, and the letter's place there. Null where it is no letter's.</summary>
    internal static (LetterKind Kind, string Key)? Parse(string id) => !id.Any(char.IsControl) && id.Split('-', 2) is [var prefix, { Length: > 0 } key]
        && Enum.GetValues<LetterKind>().Where(kind => IdOf(kind, "") == $"{prefix}-").ToList() is [var found] ? (found, key) : null;
}

/// <summary>What somebody did about a letter.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why, in their words; always there where it was given up.</param>
public sealed record Treatment(string By, DateTimeOffset At, string? Reason = null);
