using System.Collections.Immutable;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Commands;

/// <summary>Who caused an event and from what; stored beside it.</summary>
/// <param name="Actor">The token's subject, <c>anonymous</c>, <c>import</c> or <c>system</c>.</param>
/// <param name="CausationId">What led to it: a caller's key, a message's id, a row of a file; else an id of our own.</param>
/// <param name="CorrelationId">W3C trace id of the request or run.</param>
public sealed record Cause(string Actor, string CausationId, string CorrelationId);

/// <summary>A command on its way to an order, whatever brought it.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Command">What to do.</param>
/// <param name="Cause">Who asks, and from what.</param>
/// <param name="OnlyFor">Set where the caller may see this customer's orders only; all others do not exist for it.</param>
/// <param name="IfVersionIn">Set where the command applies to these versions only; empty fits none.</param>
/// <param name="Key">Set where a repeat is to be answered as the first time, without another effect.</param>
public sealed record CommandEnvelope(
    Guid OrderId,
    IOrderCommand Command,
    Cause Cause,
    string? OnlyFor = null,
    ImmutableArray<long>? IfVersionIn = null,
    CommandKey? Key = null);

/// <summary>How a command ended: applied (also where there was nothing to do), or refused.</summary>
/// <param name="Order">The order after the command, if it was not refused.</param>
/// <param name="Rejection">Why it was refused, if it was.</param>
/// <param name="CurrentVersion">The version that the order has, where it exists and the caller may see it.</param>
/// <param name="Repeated">The outcome that the same request had before, where it had; then nothing was done now, and the rest is not set.</param>
public sealed record Outcome(Order? Order, Rejection? Rejection, long? CurrentVersion, StoredOutcome? Repeated = null)
{
    /// <summary>How far the store's events had come, where the command was applied: the last event that a reader of this outcome must find.</summary>
    public EventPlace? Place { get; init; }

    /// <summary>Applied.</summary>
    public static Outcome Applied(Order order) => new(order, null, order.Version);

    /// <summary>As before.</summary>
    public static Outcome Again(StoredOutcome before) => new(null, null, null, before);

    /// <summary>Refused, nothing changed.</summary>
    public static Outcome Refused(Rejection why, long? currentVersion = null) => new(null, why, currentVersion);
}

/// <summary>More commands wait than are taken on: try again in a moment.</summary>
public sealed class ServerBusyException() : ProblemException("server-busy", "Too many commands are waiting. Nothing was done.");
