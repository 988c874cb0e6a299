using JasperFx;
using Marten;
using OrderMonolith.Commands;
using OrderMonolith.Orders;

namespace OrderMonolith.Import;

/// <summary>What became of a credit note.</summary>
public enum CreditNoteOutcome
{
    /// <summary>It cancelled an order now.</summary>
    Applied,

    /// <summary>It had cancelled an order before; nothing was done.</summary>
    AlreadyThere,

    /// <summary>It does not return all of any order.</summary>
    PartialReturn,
}

/// <summary>Finds the orders that credit notes return, in the store, and cancels them.</summary>
public sealed class CreditNotes(IDocumentStore store, PastOrders orders)
{
    /// <summary>Decides notes one after another, in one transaction.</summary>
    public Task<List<CreditNoteOutcome>> Apply(IReadOnlyList<CreditNote> notes) => PastOrders.UntilNobodyInterferes(() => ApplyOnce(notes));

    async Task<List<CreditNoteOutcome>> ApplyOnce(IReadOnlyList<CreditNote> notes)
    {
        await using var session = store.LightweightSession(PastOrders.Patient);
        var candidates = await Candidates(session, notes);

        var returned = new Dictionary<Guid, (CreditNote Note, long Version)>();
        var outcomes = new List<CreditNoteOutcome>(notes.Count);
        foreach (var (note, found) in notes.Zip(candidates))
        {
            if (found.Any(note.IsAppliedTo))
                outcomes.Add(CreditNoteOutcome.AlreadyThere);
            else if (await Latest(session, [.. found.Where(order => note.Returns(order) && !returned.ContainsKey(order.Id))]) is not { } order)
                outcomes.Add(CreditNoteOutcome.PartialReturn);
            else
            {
                returned.Add(order.Id, (note, order.Version));
                outcomes.Add(CreditNoteOutcome.Applied);
            }
        }

        await Cancel(session, returned);
        return outcomes;
    }

    /// <summary>For each note, the orders that it may return or has returned; one round trip for all.</summary>
    static async Task<List<Order>[]> Candidates(IDocumentSession session, IReadOnlyList<CreditNote> notes)
    {
        var query = session.CreateBatchQuery();
        var found = notes.Select(note => Candidates(query, note)).ToArray();
        await query.Execute();
        return await Task.WhenAll(found);
    }

    static async Task<List<Order>> Candidates(Marten.Services.BatchQuerying.IBatchedQuery query, CreditNote note)
    {
        var (customer, total, at, reason) = (note.CustomerId, note.Total, note.At, CreditNote.Cancellation(note.Number).Reason);
        if (customer == LegacyRow.Guest) return [];
        return [.. await query.Query<Order>()
            .Where(o => o.CustomerId == customer && ((o.TotalAmount == total && o.CreatedAt <= at && o.Status != OrderStatus.Cancelled) || o.CancelReason == reason))
            .ToList()];
    }

    static async Task<Order?> Latest(IDocumentSession session, IReadOnlyCollection<Order> orders)
    {
        if (orders.Count < 2) return orders.SingleOrDefault();
        var latest = orders.Max(order => order.CreatedAt);
        var ids = orders.Where(order => order.CreatedAt == latest).Select(order => order.Id).ToArray();
        var references = await PastOrders.References(session, ids);
        return orders.Where(order => ids.Contains(order.Id)).MaxBy(order => references.GetValueOrDefault(order.Id), new InvoiceOrder());
    }

    async Task Cancel(IDocumentSession session, Dictionary<Guid, (CreditNote Note, long Version)> returned)
    {
        if (returned.Count == 0) return;
        var open = await OpenOrder.Fetch(session, returned.Keys);
        foreach (var (id, (note, version)) in returned.OrderBy(r => r.Key))
        {
            var order = open[id];
            if (order.State.Version != version) throw new ConcurrencyException(typeof(Order), id);
            foreach (var fact in CreditNote.Cancellation(note.Number).Decide(order.State).Events)
                order.Append(fact, note.At, orders.From(note.Reference));
        }

        await session.SaveChangesAsync();
    }
}
