using System.Text.Json;
using Marten;
using OrderMonolith.Http;

namespace OrderMonolith.DeadLetters;

/// <summary>A place in the order of letters, which is that of their failures.</summary>
/// <param name="At">When the last letter before it failed.</param>
/// <param name="Key">Of those that failed then, the last before it; null where all of them are.</param>
public readonly record struct LetterPlace(DateTimeOffset At, string? Key);

/// <summary>How many letters wait.</summary>
/// <param name="Count">How many.</param>
/// <param name="Latest">When the latest of them failed.</param>
public readonly record struct LetterTally(long Count, DateTimeOffset? Latest);

/// <summary>The letters of one kind: where they lie, and what can be done about them.</summary>
public interface ILetters
{
    /// <summary>The kind.</summary>
    LetterKind Kind { get; }

    /// <summary>How many wait.</summary>
    Task<LetterTally> Tally(IQuerySession session);

    /// <summary>Some of those that wait, the one that failed first before all others.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="behind">Behind this place.</param>
    /// <param name="type">Only of this type, if it is given.</param>
    /// <param name="limit">Most of them.</param>
    Task<IReadOnlyList<DeadLetter>> Page(IQuerySession session, LetterPlace behind, string? type, int limit);

    /// <summary>One with its message; null where none waits at that place.</summary>
    Task<DeadLetter?> Find(IQuerySession session, string key, CancellationToken cancellation);

    /// <summary>Has one be tried again, now or when the session is saved. Asked twice it is tried once.</summary>
    /// <param name="session">A transaction in which nobody else decides about the letter.</param>
    /// <param name="key">Its place.</param>
    /// <param name="edited">The message to go instead, if it is to be another.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ProblemException"><c>validation-failed</c>: the edited message cannot be read, or nothing can be edited; <c>dead-letter-conflict</c>: it would fail again.</exception>
    Task Retry(IDocumentSession session, string key, JsonElement? edited, CancellationToken cancellation);

    /// <summary>Gives one up for good, now or when the session is saved.</summary>
    /// <param name="session">A transaction in which nobody else decides about the letter.</param>
    /// <param name="key">Its place.</param>
    /// <param name="treatment">Who does so, when and why.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ProblemException"><c>dead-letter-conflict</c>: it cannot be given up.</exception>
    Task Discard(IDocumentSession session, string key, Treatment treatment, CancellationToken cancellation);
}
