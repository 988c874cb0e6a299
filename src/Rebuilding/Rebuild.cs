using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <summary>Where a rebuild is.</summary>
public enum RebuildState
{
    /// <summary>The view is made anew from the events, beside the one that is read.</summary>
    Building,

    /// <summary>All orders are in; it catches up with those that changed since, and is compared.</summary>
    Comparing,

    /// <summary>Done: what was built is read now.</summary>
    Switched,

    /// <summary>Done: it differs from what is read, and nobody said that it may. What was read still is.</summary>
    Refused,

    /// <summary>Somebody called it off. What was read still is.</summary>
    Cancelled,

    /// <summary>It could not be built. What was read still is.</summary>
    Failed,
}

/// <summary>That somebody wants a view built anew. Changed only by those who want it, never by the work.</summary>
/// <param name="Id">Its own.</param>
/// <param name="View">Name of the projection.</param>
/// <param name="RequestedBy">Who wants it.</param>
/// <param name="RequestedAt">Since when.</param>
public sealed record Rebuild(Guid Id, string View, string RequestedBy, DateTimeOffset RequestedAt)
{
    /// <summary>Whether to go back to what was read before the last one, instead of building anew.</summary>
    public bool RollBack { get; init; }

    /// <summary>Whether what was built is to be read even if it differs from what was.</summary>
    public bool AcceptDifferences { get; init; }

    /// <summary>Whether any node that serves may do the work, and goes on with it when another is gone; else only who asked for it does.</summary>
    public bool Unattended { get; init; }

    /// <summary>When it was called off, if it was.</summary>
    public DateTimeOffset? CancelledAt { get; init; }
}

/// <summary>How far a rebuild is. Changed only by the work.</summary>
/// <param name="Id">The rebuild's.</param>
/// <param name="View">Name of the projection.</param>
/// <param name="StartedAt">When the work began.</param>
public sealed record RebuildProgress(Guid Id, string View, DateTimeOffset StartedAt)
{
    /// <summary>How many differences are kept here; all are counted.</summary>
    public const int MostKept = 1_000;

    /// <summary>One that has just begun.</summary>
    public static RebuildProgress Of(Rebuild rebuild, DateTimeOffset startedAt) => new(rebuild.Id, rebuild.View, startedAt)
    {
        RollBack = rebuild.RollBack,
        AcceptDifferences = rebuild.AcceptDifferences,
        RequestedBy = rebuild.RequestedBy,
    };

    /// <summary>Whether it goes back to what was read before the last one.</summary>
    public bool RollBack { get; init; }

    /// <summary>Whether what it makes is to be read even if it differs from what was.</summary>
    public bool AcceptDifferences { get; init; }

    /// <summary>Who wants it.</summary>
    public string RequestedBy { get; init; } = "";

    /// <summary>Steps done; nobody goes on who did not do the last one or read of it.</summary>
    public long Step { get; init; }

    /// <summary>Where it is.</summary>
    public RebuildState State { get; init; }

    /// <summary>Which build of the service does it: another may fold otherwise, and starts anew.</summary>
    public Guid Build { get; init; }

    /// <summary>The last order that was built.</summary>
    public Guid After { get; init; }

    /// <summary>Orders built.</summary>
    public long Orders { get; init; }

    /// <summary>Events folded.</summary>
    public long EventsDone { get; init; }

    /// <summary>Events there were when it began.</summary>
    public long EventsTotal { get; init; }

    /// <summary>Events folded in a second, of late.</summary>
    public double EventsPerSecond { get; init; }

    /// <summary>Events that what is built does not hold yet.</summary>
    public long EventsBehind { get; init; }

    /// <summary>How many orders differ from what is read.</summary>
    public long Differences { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<Difference> FirstDifferences { get; init; } = [];

    /// <summary>For how long those who write had to wait, in milliseconds, when it switched.</summary>
    public double? WritersHeldMilliseconds { get; init; }

    /// <summary>When this was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it was done.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it ended as it did, if that needs a word.</summary>
    public string? Why { get; init; }

    /// <summary>About how long it takes until all orders are built, in seconds; absent where nobody knows.</summary>
    public double? SecondsToGo => State is RebuildState.Building && EventsPerSecond > 0 ? Math.Round(Math.Max(0, EventsTotal - EventsDone) / EventsPerSecond, 1) : null;

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => State is not (RebuildState.Building or RebuildState.Comparing);
}
