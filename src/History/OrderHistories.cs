using System.Runtime.CompilerServices;
using Marten;
using Marten.Events.Archiving;
using SessionOptions = Marten.Services.SessionOptions;

namespace OrderMonolith.History;

/// <summary>The histories of many orders, page by page, so that memory stays flat.</summary>
public static class OrderHistories
{
    /// <summary>Orders that an event of a time belongs to: each with all that happened to it before the end of that time. In the order of their ids, archived ones too.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="since">The first moment that counts.</param>
    /// <param name="until">The first moment that no longer counts.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async IAsyncEnumerable<OrderHistory> Between(IDocumentStore store, DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var after = Guid.Empty; ;)
        {
            await using var session = store.QuerySession(new SessionOptions { Timeout = 600 });
            Guid[] ids = [.. await StreamPages.Next(session, after, since, until, cancellation)];
            if (ids.Length == 0) yield break;

            var events = await session.Events.QueryAllRawEvents()
                .Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(ids) && e.Timestamp < until)
                .OrderBy(e => e.StreamId).ThenBy(e => e.Version)
                .ToListAsync(cancellation);
            foreach (var order in events.GroupBy(e => e.StreamId)) yield return new(order.Key, [.. order]);
            after = ids[^1];
        }
    }
}
