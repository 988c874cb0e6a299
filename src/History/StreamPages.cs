using Marten;

namespace OrderMonolith.History;

/// <summary>All orders page by page, in the order of their ids, archived ones too: as many at a time as have so few events that memory stays flat.</summary>
/// <remarks>The stream in which the store fills gaps is no order.</remarks>
public static class StreamPages
{
    const int MostEvents = 5_000;
    const int MostOrders = 1_000;

    /// <summary>The ids of the next orders, none at the end.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="after">The last id of the page before.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<IReadOnlyList<Guid>> Next(IQuerySession session, Guid after, CancellationToken cancellation) => Next(session, "true", cancellation, after);

    /// <summary>The ids of the next orders that an event of a time belongs to, none at the end.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="after">The last id of the page before.</param>
    /// <param name="since">The first moment that counts.</param>
    /// <param name="until">The first moment that no longer counts.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<IReadOnlyList<Guid>> Next(IQuerySession session, Guid after, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellation) =>
        Next(session, "exists (select from events.mt_events e where e.stream_id = s.id and e.timestamp >= ? and e.timestamp < ?)", cancellation, after, since, until);

    /// <summary>The ids of the next of some orders, none at the end.</summary>
    /// <param name="session">Where from.</param>
    /// <param name="after">The last id of the page before.</param>
    /// <param name="among">These orders.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<IReadOnlyList<Guid>> Next(IQuerySession session, Guid after, Guid[] among, CancellationToken cancellation) => Next(session, "id = any(?)", cancellation, after, among);

    /// <remarks>The first order of a page is in it however many events it has.</remarks>
    static Task<IReadOnlyList<Guid>> Next(IQuerySession session, string which, CancellationToken cancellation, params object[] values) => session.QueryAsync<Guid>($"""
        select id from (
            select id, sum(version) over (order by id) - version as events_before
            from (select id, version from events.mt_streams s where type = 'order' and id > ? and {which} order by id limit {MostOrders}) next
        ) page where events_before < {MostEvents} order by id
        """, cancellation, values);
}
