using JasperFx.Events;
using Marten;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>An order opened for change in a session: its stream, and its state as the commands so far leave it.</summary>
/// <param name="stream">The stream, fetched for writing: the append is checked against the version it had.</param>
public sealed class OpenOrder(IEventStream<Order> stream)
{
    /// <summary>The order as it will be once the session is saved.</summary>
    public Order State { get; private set; } = stream.Aggregate ?? new Order { Id = stream.Id };

    /// <summary>Opens orders in one round trip, in the order of their ids, so that two nodes never wait for each other in a circle.</summary>
    public static async Task<Dictionary<Guid, OpenOrder>> Fetch(IDocumentSession session, IEnumerable<Guid> orderIds)
    {
        var query = session.CreateBatchQuery();
        var streams = orderIds.Distinct().Order().Select(id => query.Events.FetchForWriting<Order>(id)).ToList();
        await query.Execute();

        var open = new Dictionary<Guid, OpenOrder>(streams.Count);
        foreach (var stream in streams)
        {
            var order = new OpenOrder(await stream);
            open.Add(order.State.Id, order);
        }

        return open;
    }

    /// <summary>Decides and, unless refused, appends.</summary>
    /// <exception cref="ProblemException"><c>projection-behind</c>: see <see cref="MustBeWhole"/>.</exception>
    public Outcome Run(CommandEnvelope envelope, DateTimeOffset now)
    {
        MustBeWhole();
        var exists = State.Version > 0;
        if (envelope.Command is not CreateOrder)
        {
            if (!exists || (envelope.OnlyFor is { } customer && State.CustomerId != customer)) return new(null, Rejections.OrderNotFound, null);
            if (envelope.IfVersionIn is { } versions && !versions.Contains(State.Version)) return Outcome.Refused(Rejections.VersionConflict(State.Version), State);
        }

        var decision = envelope.Command.Decide(State);
        if (decision.Rejection is { } no) return Outcome.Refused(no, State);
        foreach (var fact in decision.Events) Append(fact, now, envelope.Cause);
        return Outcome.Applied(State);
    }

    /// <summary>Appends one fact. Times never go back within a stream, whatever the clocks of two nodes say.</summary>
    public void Append(OrderEvent fact, DateTimeOffset at, Cause cause)
    {
        var time = at > State.LastUpdated ? at : State.LastUpdated;
        stream.AppendOne(fact);
        var e = stream.Events[^1];
        (e.Timestamp, e.UserName, e.CausationId, e.CorrelationId) = (time, cause.Actor, cause.CausationId, cause.CorrelationId);
        State = State.After(fact, time);
    }

    /// <summary>Refuses to decide on less than all that happened: events of a newer version of the service that its own view holds and this one
    /// does not, or a view that is being rebuilt.</summary>
    void MustBeWhole()
    {
        if (State.Version < stream.CurrentVersion)
            throw new ProblemException("projection-behind", $"The order has {stream.CurrentVersion} events, of which this node's view holds {State.Version}.");
    }
}
