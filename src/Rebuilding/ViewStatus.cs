using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <summary>How a view is.</summary>
public enum ViewState
{
    /// <summary>It holds what it should.</summary>
    Current,

    /// <summary>It follows from behind, and has something to do.</summary>
    Behind,

    /// <summary>Orders in it differ from what their events say.</summary>
    Wrong,

    /// <summary>It cannot go on.</summary>
    Stopped,
}

/// <summary>A view, as an operator sees it.</summary>
/// <param name="Name">Name of the projection.</param>
/// <param name="Version">Which fold makes it.</param>
/// <param name="Lifecycle">Whether it changes in the append's transaction or behind it.</param>
public sealed record ViewStatus(string Name, uint Version, ProjectionLifecycle Lifecycle)
{
    /// <summary>How it is.</summary>
    public ViewState State { get; init; }

    /// <summary>What is wrong, if anything.</summary>
    public string? Why { get; init; }

    /// <summary>Sequence of the last event that it has seen; of one that changes with every append, the last there is.</summary>
    public long Position { get; init; }

    /// <summary>Events that it has not seen yet.</summary>
    public long EventsBehind { get; init; }

    /// <summary>Whether what was read before the last rebuild is still there.</summary>
    public bool CanRollBack { get; init; }

    /// <summary>The rebuild that is under way, if one is.</summary>
    public Guid? Rebuild { get; init; }

    /// <summary>All views, or the one of a name.</summary>
    /// <exception cref="SetupException">There is none of that name.</exception>
    public static async Task<IReadOnlyList<ViewStatus>> All(IDocumentStore store, string? name, CancellationToken cancellation)
    {
        var views = StoredView.Of(store).Where(view => name is null || view.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        if (views.Count == 0) throw new SetupException($"There is no projection '{name}'. 'projections list' names those there are.");

        // In development a table may still have to be made.
        foreach (var kept in views.Select(view => view.DocumentType).Concat([typeof(IEvent), typeof(Drift), typeof(Rebuild), typeof(RebuildProgress)]))
            await store.Storage.Database.EnsureStorageExistsAsync(kept, cancellation);
        await using var session = store.QuerySession();
        var all = new List<ViewStatus>();
        foreach (var view in views) all.Add(await Of(session, view));
        cancellation.ThrowIfCancellationRequested();
        return all;
    }

    static async Task<ViewStatus> Of(IQuerySession session, StoredView view)
    {
        var head = await session.Value<long>("select coalesce(max(seq_id), 0) from events.mt_events");
        var position = Math.Min(await view.Position(session), head);
        var drifts = await session.Query<Drift>().Where(drift => drift.View == view.Name).OrderBy(drift => drift.Id).Take(Drift.MostKept).ToListAsync();
        var stopped = drifts.FirstOrDefault(drift => drift.StoppedBefore is not null);
        return new(view.Name, view.Version, view.Shard is null ? ProjectionLifecycle.Inline : ProjectionLifecycle.Async)
        {
            State = stopped is not null ? ViewState.Stopped : drifts.Count > 0 ? ViewState.Wrong : position < head ? ViewState.Behind : ViewState.Current,
            Why = stopped is not null ? $"of order {stopped.OrderId} {stopped.How}" : drifts.Count > 0 ? $"{Drift.HowMany(drifts.Count)} orders differ from their events" : null,
            Position = position,
            EventsBehind = await session.Value<long>("select count(*) from events.mt_events where seq_id > $1", position),
            CanRollBack = await new ViewTables(view).HasOld(session),
            Rebuild = (await Rebuilds.UnderWay(session, view.Name))?.Id,
        };
    }
}
