using System.Globalization;
using System.Text.Json;
using Marten;
using OrderMonolith.Http;
using OrderMonolith.Views;

namespace OrderMonolith.DeadLetters;

/// <summary>Events before which a view stopped, as the drift watch found. A view tries again by itself, so to retry one is to see whether it gets past it now.</summary>
public sealed class StoppedViews(IDocumentStore store) : ILetters
{
    /// <inheritdoc />
    public LetterKind Kind => LetterKind.Event;

    /// <inheritdoc />
    public async Task<LetterTally> Tally(IQuerySession session)
    {
        var waiting = await Waiting(session);
        return new(waiting.Count, waiting.Count == 0 ? null : waiting.Max(drift => drift.FoundAt));
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeadLetter>> Page(IQuerySession session, LetterPlace behind, string? type, int limit)
    {
        var letters = new List<DeadLetter>();
        foreach (var drift in (await Waiting(session)).Where(drift => IsBehind(drift, behind)))
        {
            if (await Shown(session, drift) is { } letter && (type ?? letter.Type) == letter.Type) letters.Add(letter with { Message = null });
        }

        return [.. letters.Take(limit)];
    }

    /// <inheritdoc />
    public async Task<DeadLetter?> Find(IQuerySession session, string key, CancellationToken cancellation) =>
        (await Waiting(session)).Find(drift => KeyOf(drift) == key) is { } found ? await Shown(session, found) : null;

    /// <inheritdoc />
    public async Task Retry(IDocumentSession session, string key, JsonElement? edited, CancellationToken cancellation)
    {
        if (edited is not null) throw ProblemException.Wrong("message", "cannot be another: an event is what happened");
        await SkippedEvent.Tell(store, session, cancellation);
        if (Place(key) is var (view, sequence) && await ViewFold.FirstFault(session, view, cancellation) is { } fault && fault.Sequence == sequence)
            throw new ProblemException("dead-letter-conflict", $"The view '{view.Name}' would stop there again: of order {fault.OrderId} {fault}");
    }

    /// <inheritdoc />
    public async Task Discard(IDocumentSession session, string key, Treatment treatment, CancellationToken cancellation)
    {
        try
        {
            if (Place(key) is var (view, sequence)) await SkippedEvent.Record(store, view, sequence, treatment.Reason ?? "", treatment.By, treatment.At, cancellation);
        }
        catch (SetupException e)
        {
            throw new ProblemException("dead-letter-conflict", e.Message);
        }
    }

    /// <summary>Those that stopped and have not got any further since, nor been told to go on.</summary>
    async Task<List<Drift>> Waiting(IQuerySession session)
    {
        var waiting = new List<Drift>();
        foreach (var drift in await session.Query<Drift>().Where(drift => drift.StoppedBefore != null).ToListAsync())
        {
            if (Place(KeyOf(drift)) is not var (view, sequence) || await view.Position(session) >= sequence) continue;
            if (await session.Query<SkippedEvent>().AnyAsync(skipped => skipped.View == view.Name && skipped.Sequence == sequence)) continue;
            waiting.Add(drift);
        }

        return [.. waiting.OrderBy(drift => drift.FoundAt).ThenBy(KeyOf, StringComparer.Ordinal)];
    }

    static async Task<DeadLetter?> Shown(IQuerySession session, Drift drift) => (await session.Find(
        "select type, data::text, correlation_id from events.mt_events where seq_id = $1",
        row => new DeadLetter(DeadLetter.IdOf(LetterKind.Event, KeyOf(drift)), LetterKind.Event, row.GetString(0), drift.FoundAt, drift.How)
        {
            OrderId = drift.OrderId,
            Target = drift.View,
            TraceId = row.IsDBNull(2) ? null : row.GetString(2),
            Message = JsonElement.Parse(row.GetString(1)),
        },
        drift.StoppedBefore!.Value)).SingleOrDefault();

    static bool IsBehind(Drift drift, LetterPlace place) =>
        drift.FoundAt > place.At || (drift.FoundAt == place.At && place.Key is { } key && string.CompareOrdinal(KeyOf(drift), key) > 0);

    static string KeyOf(Drift drift) => string.Create(CultureInfo.InvariantCulture, $"{drift.View}-{drift.StoppedBefore}");

    (StoredView View, long Sequence)? Place(string key) => key.LastIndexOf('-') is > 0 and var at
        && StoredView.Of(store).FirstOrDefault(view => view.Name == key[..at]) is { } found
        && long.TryParse(key.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? (found, sequence) : null;
}
