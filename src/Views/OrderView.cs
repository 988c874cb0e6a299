using System.Collections.Frozen;
using JasperFx.Events;
using Marten.Events.Aggregation;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Views;

/// <summary>A row of a view.</summary>
public interface IOrderRow
{
    /// <summary>How many events of the order are in it.</summary>
    long Version { get; }
}

/// <summary>Keeps a view that has one row for each order, made of nothing but the order's events.</summary>
/// <remarks>What holds for every view is seen to here; a view says only what an event means to it.</remarks>
public abstract class OrderView<T> : SingleStreamProjection<T, Guid>, ISkipsEvents
    where T : class, IOrderRow
{
    /// <summary>Pins name and version; a view keeps archived orders.</summary>
    protected OrderView(string name, uint version) => (Name, Version, IncludeArchivedEvents) = (name, version, true);

    /// <inheritdoc />
    public FrozenSet<long> Skipped { get; set; } = [];

    /// <inheritdoc />
    /// <exception cref="ProblemException"><c>projection-behind</c>: the row is lost, and what is left of the order's events would make another one.</exception>
    public sealed override T? Evolve(T? snapshot, Guid id, IEvent e)
    {
        // Where an append failed after it had taken its place, the store fills that with an event of its own.
        if (e.Data is not OrderEvent fact) return snapshot;

        // A view that is built anew or changes from inline to async meets events that are in it already.
        if (e.Version <= snapshot?.Version) return snapshot;

        if (snapshot is null && e.Version > 1)
            throw new ProblemException("projection-behind", $"Order {id} has {e.Version - 1} events that it lacks in {Name}: run 'verify --repair'.");

        var row = snapshot ?? First(id, e.Timestamp);
        return At(Skipped.Contains(e.Sequence) ? row : After(row, fact, e.Timestamp), e.Version, e.Timestamp);
    }

    /// <summary>The row of an order of which nothing is known yet.</summary>
    /// <param name="id">The order.</param>
    /// <param name="at">Time of its first event.</param>
    protected abstract T First(Guid id, DateTimeOffset at);

    /// <summary>The row after what happened.</summary>
    protected abstract T After(T row, OrderEvent fact, DateTimeOffset at);

    /// <summary>The row with how many events are in it, and when the latest happened.</summary>
    protected abstract T At(T row, long version, DateTimeOffset at);
}

/// <summary>A view that leaves out events which somebody said it should.</summary>
public interface ISkipsEvents
{
    /// <summary>Their sequences.</summary>
    FrozenSet<long> Skipped { get; set; }
}
