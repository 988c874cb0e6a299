using System.Globalization;
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

    /// <summary>Most rows of a view that are kept: where that many differ, the view is wrong, and only a rebuild makes it right.</summary>
    public const int MostKept = 1_000;

    /// <summary>What was found, to be kept.</summary>
    public static Drift Of(Difference difference, DateTimeOffset now) => difference.StoppedBefore is { } sequence
        ? new(difference.View, difference.View, difference.OrderId, difference.How, now) { StoppedBefore = sequence }
        : new($"{difference.View}/{difference.OrderId}", difference.View, difference.OrderId, difference.How, now);

    /// <summary>How people are told of so many that are kept.</summary>
    public static string HowMany(long kept) => string.Create(CultureInfo.InvariantCulture, $"{kept}{(kept >= MostKept ? " or more" : "")}");

    /// <summary>Keeps what was found elsewhere, for the drift watch to look at again.</summary>
    public static async Task Record(IDocumentStore store, IReadOnlyList<Difference> found, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.Store(found.Take(MostKept).Select(difference => Of(difference, now)).DistinctBy(drift => drift.Id));
        await session.SaveChangesAsync(cancellation);
    }
}

/// <summary>How far round the drift watch is.</summary>
/// <param name="Id">There is only one.</param>
/// <param name="After">The last order that it looked at.</param>
public sealed record DriftWatchPlace(string Id, Guid After)
{
    /// <summary>The one there is.</summary>
    public const string Only = "place";
}
