using Marten;

namespace OrderMonolith.Views;

/// <summary>Something that the drift watch found and that is still so: kept until it no longer is.</summary>
/// <param name="Id">View and order; of a view that stopped, only the view.</param>
/// <param name="View">The view that is wrong, or <c>events</c>.</param>
/// <param name="OrderId">The order.</param>
/// <param name="How">What is wrong, in one sentence.</param>
/// <param name="FoundAt">When it was found.</param>
public sealed record Drift(string Id, string View, Guid OrderId, string How, DateTimeOffset FoundAt)
{
    /// <summary>Sequence of the event before which the view stopped, if that is what was found.</summary>
    public long? StoppedBefore { get; init; }

    /// <summary>A row that differs.</summary>
    public static Drift Of(Difference difference, DateTimeOffset now) => new($"{difference.View}/{difference.OrderId}", difference.View, difference.OrderId, difference.How, now);

    /// <summary>Keeps what was found elsewhere, for the drift watch to look at again.</summary>
    public static async Task Record(IDocumentStore store, IReadOnlyList<Difference> found, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.Store(found.Select(difference => Of(difference, now)).DistinctBy(drift => drift.Id));
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>A view that cannot take an event.</summary>
    public static Drift Of(StoredView view, FoldFault fault, DateTimeOffset now) =>
        new(view.Name, view.Name, fault.OrderId, $"The view has stopped: of order {fault.OrderId} {fault}", now) { StoppedBefore = fault.Sequence };
}

/// <summary>How far round the drift watch is.</summary>
/// <param name="Id">There is only one.</param>
/// <param name="After">The last order that it looked at.</param>
/// <param name="LookedAt">When it last looked.</param>
public sealed record DriftWatchPlace(string Id, Guid After, DateTimeOffset LookedAt)
{
    /// <summary>The one there is.</summary>
    public const string Only = "place";
}
