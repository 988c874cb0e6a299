using System.Reflection;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Services.BatchQuerying;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>An order opened for change in a session: its stream, and its state as the commands so far leave it.</summary>
/// <param name="stream">The stream, fetched for writing: the append is checked against the version it had.</param>
/// <param name="archived">Whether it was put away.</param>
public sealed class OpenOrder(IEventStream<Order> stream, bool archived)
{
    static readonly MethodInfo LoadById = typeof(IBatchedQuery).GetMethods().Single(m => m.Name == nameof(IBatchedQuery.Load) && m.GetParameters()[0].ParameterType == typeof(Guid));

    /// <summary>The order as it will be once the session is saved.</summary>
    public Order State { get; private set; } = stream.Aggregate ?? new Order { Id = stream.Id };

    /// <summary>What was appended in this session.</summary>
    public IEnumerable<OrderEvent> Facts => stream.Events.Select(e => (OrderEvent)e.Data);

    /// <summary>The last event that was appended in this session so far; it knows its sequence once the session is saved.</summary>
    public IEvent? LastEvent => stream.Events is [.., var last] ? last : null;

    /// <summary>Opens orders in one round trip, in the order of their ids, so that two nodes never wait for each other in a circle.</summary>
    /// <remarks>What inline views hold of them comes along: a session that keeps an identity map need not ask for it when it saves.</remarks>
    public static Task<Dictionary<Guid, OpenOrder>> Fetch(IDocumentSession session, IEnumerable<Guid> orderIds) => Fetch(session, session.CreateBatchQuery(), orderIds);

    /// <summary>Opens orders in the round trip of a query that asks for more.</summary>
    public static async Task<Dictionary<Guid, OpenOrder>> Fetch(IDocumentSession session, IBatchedQuery query, IEnumerable<Guid> orderIds)
    {
        Guid[] ids = [.. orderIds.Distinct().Order()];
        var streams = ids.Select(id => query.Events.FetchForWriting<Order>(id)).ToList();
        foreach (var view in InlineViews(session.DocumentStore))
        {
            var load = LoadById.MakeGenericMethod(view).CreateDelegate<Func<Guid, Task>>(query);
            foreach (var id in ids) _ = load(id);
        }

        var archived = query.Query<string>("select id::text from events.mt_streams where id = any(?) and is_archived", ids);
        await query.Execute();

        var putAway = (await archived).Select(Guid.Parse).ToHashSet();
        var open = new Dictionary<Guid, OpenOrder>(streams.Count);
        foreach (var stream in streams)
        {
            var opened = await stream;
            open.Add(opened.Id, new OpenOrder(opened, putAway.Contains(opened.Id)));
        }

        return open;
    }

    /// <summary>The documents of other views that change in the transaction of the append, one for each order.</summary>
    static IEnumerable<Type> InlineViews(IDocumentStore store) => ((StoreOptions)store.Options).Projections.All.OfType<IAggregateProjection>()
        .Where(view => view is { Lifecycle: ProjectionLifecycle.Inline, Scope: AggregationScope.SingleStream } && view.AggregateType != typeof(Order))
        .Select(view => view.AggregateType);

    /// <summary>Decides and, unless refused, appends.</summary>
    /// <exception cref="ProblemException"><c>projection-behind</c>: see <see cref="MustBeWhole"/>.</exception>
    public Outcome Run(CommandEnvelope envelope, DateTimeOffset now)
    {
        MustBeWhole();
        var shown = State.Version > 0 && (envelope.OnlyFor ?? State.CustomerId) == State.CustomerId ? State.Version : (long?)null;
        if (envelope.Command is not CreateOrder)
        {
            if (shown is not { } version) return Outcome.Refused(Rejections.OrderNotFound);
            if (envelope.IfVersionIn is { } versions && !versions.Contains(version)) return Outcome.Refused(Rejections.VersionConflict(version), version);
        }

        var decision = envelope.Command.Decide(State);
        if (decision.Rejection is { } no) return Outcome.Refused(no, shown);
        if (archived && decision.Events.Count > 0) return Outcome.Refused(Rejections.OrderArchived, shown);
        foreach (var fact in decision.Events) Append(fact, now, envelope.Cause);
        return Outcome.Applied(State);
    }

    /// <summary>Appends one fact. Times never go back within a stream, whatever the clocks of two nodes say.</summary>
    /// <exception cref="ProblemException"><c>projection-behind</c>: see <see cref="MustBeWhole"/>.</exception>
    /// <exception cref="ConcurrencyException">The state holds more than the stream does: what was fetched does not fit together.</exception>
    public void Append(OrderEvent fact, DateTimeOffset at, Cause cause)
    {
        MustBeWhole();

        // Another node changed it while it was fetched; or its stream is gone, and what follows would begin another history.
        if (State.Version > stream.CurrentVersion) throw new ConcurrencyException(typeof(Order), stream.Id);
        var time = at > State.LastUpdated ? at : State.LastUpdated;
        stream.AppendOne(fact);
        var e = LastEvent!;
        (e.Timestamp, e.UserName, e.CausationId, e.CorrelationId) = (time, cause.Actor, cause.CausationId, cause.CorrelationId);
        State = State.After(fact, time);
    }

    /// <summary>Refuses to decide on less than all that happened: events of a newer version of the service that its own view holds and this one
    /// does not, or a view that is being rebuilt.</summary>
    void MustBeWhole()
    {
        if (State.Version < stream.CurrentVersion)
            throw new ProblemException("projection-behind", $"This node does not know all that happened to the order {stream.Id}: a newer version of the service may have changed it; else 'verify' tells why.");
    }
}
