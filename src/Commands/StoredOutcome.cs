using Marten;
using Marten.Services.BatchQuerying;
using OrderMonolith.History;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>How a command with a key ended, stored in the transaction of its events. Of an order that it left only the version is kept: its events tell the rest.</summary>
public sealed record StoredOutcome
{
    /// <summary>The key, <see cref="CommandKey.Id"/>.</summary>
    public string Id { get; init; } = "";

    /// <summary>The request, <see cref="CommandKey.Request"/>.</summary>
    public string Request { get; init; } = "";

    /// <summary>When the command was decided.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The order.</summary>
    public Guid OrderId { get; init; }

    /// <summary>The order's version after the command, unless it was refused.</summary>
    public long? Version { get; init; }

    /// <summary>Whether the command started the order.</summary>
    public bool Created { get; init; }

    /// <summary>Whether the caller wanted no body.</summary>
    public bool Minimal { get; init; }

    /// <summary>Why it was refused, if it was.</summary>
    public Rejection? Rejection { get; init; }

    /// <summary>The version that was told with the refusal.</summary>
    public long? CurrentVersion { get; init; }

    /// <summary>How far the store had come, where the command had nothing to append; else its last event tells.</summary>
    public long? Position { get; init; }

    /// <summary>What is to be stored of an outcome; null where a repeat shall decide again.</summary>
    public static StoredOutcome? Of(CommandEnvelope envelope, CommandKey key, Outcome outcome, DateTimeOffset at) =>
        !key.AnswersAlike && outcome.Rejection?.Code is "order-not-found" or "version-conflict" ? null : new()
        {
            Id = key.Id,
            Request = key.Request,
            At = at,
            OrderId = envelope.OrderId,
            Version = outcome.Order?.Version,
            Created = envelope.Command is CreateOrder,
            Minimal = key.Minimal,
            Rejection = outcome.Rejection,
            CurrentVersion = outcome.CurrentVersion,
            Position = outcome.Place?.Sequence,
        };

    /// <summary>The outcome as it was answered. An order that has changed since is folded again from its events.</summary>
    public async Task<Outcome> Restore(IQuerySession session)
    {
        if (Rejection is { } no) return Outcome.Refused(no, CurrentVersion);
        var (orderId, version) = (OrderId, Version!.Value);
        var place = Position is { } position ? await OrderHistory.PlaceAt(session, position) : await OrderHistory.PlaceOf(session, orderId, version);
        return Outcome.Applied(Minimal ? new Order { Id = orderId, Version = version } : await Shown(session)) with { Place = place };
    }

    async Task<Order> Shown(IQuerySession session) => await session.LoadAsync<Order>(OrderId) is { } current && current.Version == Version
        ? current
        : (await OrderHistory.Load(session, OrderId, Version!.Value)).AsOf(Version.Value)!;
}

/// <summary>Gives each command with a key its effect once: what is stored is repeated, what is new is stored with its events. No two commands of a session have the same key.</summary>
sealed class KeyedOutcomes
{
    readonly IDocumentSession session;
    readonly Dictionary<string, Task<StoredOutcome?>> known;

    /// <summary>Asks for the outcomes stored under some keys, in a query that is yet to be sent.</summary>
    public KeyedOutcomes(IDocumentSession session, IBatchedQuery query, IEnumerable<CommandKey?> keys)
    {
        this.session = session;
        known = keys.OfType<CommandKey>().ToDictionary(key => key.Id, key => query.Load<StoredOutcome>(key.Id));
    }

    /// <summary>Decides, unless the same request was decided before.</summary>
    public async ValueTask<Outcome> Once(CommandEnvelope envelope, DateTimeOffset now, Func<ValueTask<Outcome>> decide)
    {
        if (envelope.Key is not { } key) return await decide();
        if (await known[key.Id] is { } before) return before.Request == key.Request ? Outcome.Again(before) : Outcome.Refused(Rejections.KeyReused);

        var outcome = await decide();
        if (StoredOutcome.Of(envelope, key, outcome, now) is { } stored) session.Insert(stored);
        return outcome;
    }
}
