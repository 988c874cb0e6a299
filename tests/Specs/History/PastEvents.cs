using JasperFx.Events;
using OrderMonolith.History;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Facts as a store would give them back.</summary>
static class PastEvents
{
    /// <summary>A history of facts, one a minute.</summary>
    public static OrderHistory Of(IReadOnlyList<OrderEvent> facts) => new(Guid.Empty, [.. facts.Select((fact, i) => Stored(fact, i + 1))]);

    static IEvent Stored(OrderEvent fact, int version)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(fact.GetType()), fact)!;
        (e.Version, e.Timestamp) = (version, Specification.Noon.AddMinutes(version));
        return e;
    }
}
