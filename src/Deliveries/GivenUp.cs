using Marten;
using OrderMonolith.Views;

namespace OrderMonolith.Deliveries;

/// <summary>A delivery that nobody tries any more: later ones of its order at its target wait until somebody has it tried again, or leaves it out.</summary>
/// <param name="Target">The target.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Version">The event's place in the order's history.</param>
/// <param name="Sequence">Its place in the store's history.</param>
/// <param name="Type">What it tells, such as <c>order.confirmed.v1</c>.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="Why">How that ended.</param>
/// <param name="At">When it was given up.</param>
/// <param name="Behind">How many of its order wait behind it.</param>
public sealed record GivenUp(string Target, Guid OrderId, long Version, long Sequence, string Type, int Attempts, string? Why, DateTimeOffset At, long Behind)
{
    /// <summary>Some of those there are, oldest first.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="which">A condition in SQL over <c>d</c>, such as <c>d.target = $1</c>.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="limit">Most of them.</param>
    public static Task<List<GivenUp>> Find(IQuerySession session, string which, object[] values, int limit) => session.Find($"""
        select target, order_id, version, sequence, type, attempts, why, given_up_at,
               (select count(*) from outward.deliveries b where b.target = d.target and b.order_id = d.order_id and b.version > d.version)
        from outward.deliveries d where given_up_at is not null and ({which}) order by given_up_at, target, order_id limit {limit}
        """,
        row => new GivenUp(row.GetString(0), row.GetGuid(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4), row.GetInt32(5),
            row.IsDBNull(6) ? null : row.GetString(6), row.GetFieldValue<DateTimeOffset>(7), row.GetInt64(8)), values);

    /// <summary>Has it be tried again as if for the first time, when the session is saved. Asked twice it changes nothing more.</summary>
    public void Retry(IDocumentOperations session)
    {
        session.QueueSqlCommand("update outward.deliveries set given_up_at = null, attempts = 0, due = now() where target = ? and order_id = ? and version = ? and given_up_at is not null", Target, OrderId, Version);
        GoOn(session);
    }

    /// <summary>Leaves it out, when the session is saved; what waits behind it goes on.</summary>
    public void Discard(IDocumentOperations session)
    {
        session.QueueSqlCommand("delete from outward.deliveries where target = ? and order_id = ? and version = ? and given_up_at is not null", Target, OrderId, Version);
        GoOn(session);
    }

    void GoOn(IDocumentOperations session)
    {
        session.QueueSqlCommand("update outward.deliveries set due = now() where target = ? and order_id = ? and given_up_at is null and due > now() and claimed_until is null", Target, OrderId);
        session.QueueSqlCommand($"notify {Feeder.Channel}");
    }
}
