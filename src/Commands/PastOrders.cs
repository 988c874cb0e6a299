using Marten;
using Marten.Events.Archiving;
using OrderMonolith.Orders;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.Commands;

/// <summary>An order whose history is known whole before it is stored.</summary>
/// <param name="Id">Its id, always the same for the same reference.</param>
/// <param name="Reference">Where it comes from; kept as the causation of its events.</param>
/// <param name="Facts">What happened, in order, as the rules decided.</param>
public sealed record PastOrder(Guid Id, string Reference, IReadOnlyList<PastFact> Facts);

/// <summary>What became of a past order.</summary>
public enum PastOrderOutcome
{
    /// <summary>It was stored now.</summary>
    Stored,

    /// <summary>It had been stored before; nothing was done.</summary>
    AlreadyThere,

    /// <summary>Another order has its id; nothing was done.</summary>
    IdTaken,
}

/// <summary>Stores orders with their own times, many to one short transaction, beside nodes that serve.</summary>
public sealed class PastOrders(IDocumentStore store, string actor, string correlationId)
{
    const int MostAttempts = 10;

    /// <summary>So much work to one transaction may take longer than a command may.</summary>
    public static SessionOptions Patient => new() { Timeout = 120 };

    /// <summary>The cause of what comes from a reference in this run.</summary>
    public Cause From(string reference) => new(actor, reference, correlationId);

    /// <summary>Stores those orders that are not there yet, all or none; says for each, by id, what became of it.</summary>
    public Task<Dictionary<Guid, PastOrderOutcome>> Store(IReadOnlyCollection<PastOrder> orders) => UntilNobodyInterferes(() => StoreOnce(orders));

    /// <summary>Does something again, from the start, for as long as somebody else changes the same orders first; gives up after a few times.</summary>
    public static async Task<T> UntilNobodyInterferes<T>(Func<Task<T>> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (attempt < MostAttempts && CommandRunner.IsLostRace(e))
            {
            }
        }
    }

    async Task<Dictionary<Guid, PastOrderOutcome>> StoreOnce(IReadOnlyCollection<PastOrder> orders)
    {
        await using var session = store.IdentitySession(Patient);
        var open = await OpenOrder.Fetch(session, orders.Select(order => order.Id));
        var references = await References(session, [.. open.Values.Where(order => order.State.Version > 0).Select(order => order.State.Id)]);
        var outcomes = new Dictionary<Guid, PastOrderOutcome>(orders.Count);

        foreach (var order in orders.OrderBy(order => order.Id))
        {
            if (references.TryGetValue(order.Id, out var reference))
            {
                outcomes.Add(order.Id, reference == order.Reference ? PastOrderOutcome.AlreadyThere : PastOrderOutcome.IdTaken);
                continue;
            }

            var cause = From(order.Reference);
            foreach (var (fact, at) in order.Facts) open[order.Id].Append(fact, at, cause);
            outcomes.Add(order.Id, PastOrderOutcome.Stored);
        }

        await session.SaveChangesAsync();
        return outcomes;
    }

    /// <summary>Where orders came from: the causation of their first events, by order.</summary>
    public static async Task<Dictionary<Guid, string?>> References(IQuerySession session, Guid[] orderIds)
    {
        if (orderIds.Length == 0) return [];
        var first = await session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(orderIds) && e.Version == 1).ToListAsync();
        return first.ToDictionary(e => e.StreamId, e => e.CausationId);
    }
}
