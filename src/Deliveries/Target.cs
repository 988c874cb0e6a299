using OrderMonolith.Contracts;

namespace OrderMonolith.Deliveries;

/// <summary>A place outside that events are delivered to, such as a broker or a webhook: each at least once, those of an order in their order.</summary>
public interface ITarget
{
    /// <summary>How many orders one node delivers to it at once.</summary>
    int MostAtOnce { get; }

    /// <summary>Longest that an attempt takes.</summary>
    TimeSpan Patience { get; }

    /// <summary>Delivers one event. What goes wrong is answered, not thrown.</summary>
    /// <param name="e">The event.</param>
    /// <param name="number">Which attempt at it this is, from 1.</param>
    /// <param name="cancellation">Ends it when the node stops; then nothing is recorded, and it is delivered again.</param>
    Task<Attempt> Deliver(PublicEvent e, int number, CancellationToken cancellation);
}

/// <summary>One kind of target: finds those of its kind by name.</summary>
public interface ITargets
{
    /// <summary>The target of a name; null where it is of another kind, or where nothing is to be delivered to it now.</summary>
    ValueTask<ITarget?> Find(string name, CancellationToken cancellation);
}

/// <summary>How an attempt ended.</summary>
public abstract record Attempt
{
    /// <summary>What went over the wire, where that is kept.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>The other side has it.</summary>
    public sealed record Delivered : Attempt;

    /// <summary>The other side does not have it, or did not say so. Its order waits at this target; all others go on.</summary>
    /// <param name="Why">What happened.</param>
    /// <param name="RetryIn">When to try again; null to give up, so that somebody has to look.</param>
    public sealed record Failed(string Why, TimeSpan? RetryIn) : Attempt;

    /// <summary>The other side cannot be reached at all. That says nothing of this event, so it does not count as an attempt at it.</summary>
    /// <param name="Why">What happened.</param>
    /// <param name="HoldFor">For how long this node leaves the whole target alone.</param>
    public sealed record Unreachable(string Why, TimeSpan HoldFor) : Attempt;
}

/// <summary>What went over the wire in an attempt.</summary>
/// <param name="Request">The body that was sent.</param>
/// <param name="Status">The HTTP status of the answer, if there was one.</param>
/// <param name="Response">The beginning of its body.</param>
/// <param name="Took">How long it took.</param>
public sealed record Exchange(string Request, int? Status, string? Response, TimeSpan Took);
