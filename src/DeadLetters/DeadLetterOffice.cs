using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Marten;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.DeadLetters;

/// <summary>Which letters are meant.</summary>
/// <param name="Kind">Those of this kind; of all unless given.</param>
/// <param name="Type">Those of this type; of all unless given.</param>
/// <param name="State">Those of which this became.</param>
public sealed record LetterFilter(LetterKind? Kind = null, string? Type = null, LetterState State = LetterState.Waiting);

/// <summary>Some letters.</summary>
/// <param name="Items">The letters; the one that failed first before all others.</param>
/// <param name="Next">The cursor of the next page; null at the end.</param>
public sealed record LetterPage(IReadOnlyList<DeadLetter> Items, [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Next);

/// <summary>All letters of all kinds. What somebody did about one is kept, for whoever asks later.</summary>
public sealed class DeadLetterOffice(IDocumentStore store, IEnumerable<ILetters> kinds, TimeProvider clock)
{
    /// <summary>How many wait, by kind.</summary>
    public async Task<IReadOnlyDictionary<LetterKind, LetterTally>> Tally()
    {
        await using var session = store.QuerySession();
        var tallies = new Dictionary<LetterKind, LetterTally>();
        foreach (var kind in kinds) tallies[kind.Kind] = await kind.Tally(session);
        return tallies;
    }

    /// <summary>A page of letters.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>: the cursor is not of this list.</exception>
    public async Task<LetterPage> Page(LetterFilter filter, string? cursor, int limit)
    {
        var (at, last) = cursor is null ? (DateTimeOffset.UnixEpoch, null) : LetterCursor.Read(cursor, filter);
        await using var session = store.QuerySession();
        var found = filter.State is LetterState.Waiting ? await Waiting(session, filter, at, last, limit + 1) : await Treated(session, filter, at, last, limit + 1);
        return found.Count <= limit ? new(found, null) : new(found[..limit], LetterCursor.Write(found[limit - 1], filter));
    }

    /// <summary>A letter with its message; of one that no longer waits, what is kept.</summary>
    /// <exception cref="ProblemException"><c>dead-letter-not-found</c></exception>
    public async Task<DeadLetter> Find(string id, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await Find(session, id, cancellation);
    }

    /// <summary>Has a letter be tried again. One that is being tried, or was, is answered as it is.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="edited">The message to go instead, if it is to be another.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ProblemException"><c>dead-letter-not-found</c>, <c>dead-letter-conflict</c>, or <c>validation-failed</c>: the edited message does not fit.</exception>
    public Task<DeadLetter> Retry(string id, JsonElement? edited, string by, CancellationToken cancellation) => Treat(id, LetterState.Retried, async (session, letters, key) =>
    {
        await letters.Retry(session, key, edited, cancellation);
        return new(by, clock.GetUtcNow());
    }, cancellation);

    /// <summary>Gives a letter up for good. One that was given up is answered as it is.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ProblemException"><c>dead-letter-not-found</c>, or <c>dead-letter-conflict</c>: it was tried again, or cannot be given up.</exception>
    public Task<DeadLetter> Discard(string id, string reason, string by, CancellationToken cancellation) => Treat(id, LetterState.Discarded, async (session, letters, key) =>
    {
        var treatment = new Treatment(by, clock.GetUtcNow(), reason);
        await letters.Discard(session, key, treatment, cancellation);
        return treatment;
    }, cancellation);

    async Task<DeadLetter> Treat(string id, LetterState wanted, Func<IDocumentSession, ILetters, string, Task<Treatment>> treat, CancellationToken cancellation)
    {
        var (kind, key) = DeadLetter.Parse(id) ?? throw NotFound(id);
        await using var session = store.LightweightSession();
        await session.BeginTransactionAsync(cancellation);
        await session.Do("select pg_advisory_xact_lock(hashtextextended($1, 0))", $"letter {id}");
        var letter = await Find(session, id, cancellation);
        if (letter.State == wanted) return letter;
        if (letter is { State: not LetterState.Waiting, Treatment: var before })
            throw new ProblemException("dead-letter-conflict", $"The letter was {(wanted is LetterState.Retried ? "discarded" : "sent again")}{(before is null ? "" : $" by {before.By}")}.");

        var treated = letter with { State = wanted, Message = null, Treatment = await treat(session, Of(kind), key) };
        session.Store(treated);
        await session.SaveChangesAsync(cancellation);
        return treated;
    }

    async Task<DeadLetter> Find(IQuerySession session, string id, CancellationToken cancellation)
    {
        if (DeadLetter.Parse(id) is not var (kind, key)) throw NotFound(id);

        // One that was tried again and failed again waits, whatever was noted of it.
        return await Of(kind).Find(session, key, cancellation) ?? await session.LoadAsync<DeadLetter>(id, cancellation) ?? throw NotFound(id);
    }

    ILetters Of(LetterKind kind) => kinds.Single(letters => letters.Kind == kind);

    async Task<List<DeadLetter>> Waiting(IQuerySession session, LetterFilter filter, DateTimeOffset at, string? last, int limit)
    {
        var all = new List<DeadLetter>();
        var lastOf = last is null ? null : DeadLetter.Parse(last);
        foreach (var kind in kinds.Where(letters => (filter.Kind ?? letters.Kind) == letters.Kind))
            all.AddRange(await kind.Page(session, BehindIn(kind.Kind), filter.Type, limit));
        return [.. all.OrderBy(letter => letter.FailedAt).ThenBy(letter => letter.Kind).Take(limit)];

        // Of letters that failed at the same time, those of one kind come before those of the next. No time is finer than a microsecond.
        LetterPlace BehindIn(LetterKind kind) => lastOf is not var (of, key) || of < kind ? new(at - TimeSpan.FromMicroseconds(1), null) : new(at, of == kind ? key : null);
    }

    static async Task<List<DeadLetter>> Treated(IQuerySession session, LetterFilter filter, DateTimeOffset at, string? last, int limit) => await session.Find(
        $"""
        select data::text from {session.DocumentStore.TableOf<DeadLetter>()}
        where data ->> 'state' = $1 and ($2 = '' or data ->> 'kind' = $2) and ($3 = '' or data ->> 'type' = $3) and ((data ->> 'failedAt')::timestamptz, id) > ($4, $5)
        order by (data ->> 'failedAt')::timestamptz, id limit {limit}
        """,
        row => JsonSerializer.Deserialize<DeadLetter>(row.GetString(0), Json.Stored)!,
        filter.State.ToString(), filter.Kind?.ToString() ?? "", filter.Type ?? "", at, last ?? "");

    static ProblemException NotFound(string id) => new("dead-letter-not-found", $"There is no dead letter '{id}'.");
}

/// <summary>Where a page of letters ended, bound to what was asked for.</summary>
static class LetterCursor
{
    /// <summary>The cursor behind a letter.</summary>
    public static string Write(DeadLetter last, LetterFilter filter) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.FailedAt.UtcTicks}|{last.Id}|{filter}")));

    /// <summary>A cursor that was sent back.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static (DateTimeOffset At, string Id) Read(string cursor, LetterFilter filter)
    {
        if (!Base64Url.IsValid(cursor) || Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('|', 3) is not [var ticks, var id, var list]
            || !long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || at < DateTimeOffset.UnixEpoch.UtcTicks || at > DateTimeOffset.MaxValue.UtcTicks
            || DeadLetter.Parse(id) is null)
            throw ProblemException.Wrong("cursor", "is not one that was given out");
        return list == filter.ToString() ? (new DateTimeOffset(at, TimeSpan.Zero), id) : throw ProblemException.Wrong("cursor", "belongs to a list with other filters");
    }
}
