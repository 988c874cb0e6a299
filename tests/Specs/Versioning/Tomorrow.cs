using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Aggregation;
using Npgsql;
using OrderMonolith.Commands;
using OrderMonolith.Insights;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;

namespace OrderMonolith.Specs;

/// <summary>Nodes of tomorrow on today's database: today's topology, but for the lines that a recipe changes.</summary>
/// <param name="today">A node of today.</param>
/// <param name="summaries">When the summaries change.</param>
public sealed class Tomorrow(Monolith today, ProjectionLifecycle summaries = ProjectionLifecycle.Inline) : IDisposable
{
    readonly NpgsqlDataSource database = NpgsqlDataSource.Create(today.ConnectionString);
    readonly List<DocumentStore> nodes = [];

    /// <summary>Starts a node.</summary>
    /// <param name="lines">The lines as they stand in tomorrow's topology; each name goes to who asks for it first.</param>
    /// <param name="without">Takes out what stands there no longer.</param>
    /// <param name="meaning">What tomorrow's fold makes of tomorrow's facts, told in today's; where it is absent, the fold is today's.</param>
    public DocumentStore Node(Action<StoreOptions> lines, Action<StoreOptions> without, Func<object, object>? meaning = null)
    {
        var node = DocumentStore.For(store =>
        {
            lines(store);
            Topology.Store(store, summaries);
            store.Connection(database);
            without(store);
            if (meaning is null) return;
            store.Projections.All.Clear();
            store.Projections.Add(new TomorrowsOrders(meaning), ProjectionLifecycle.Inline);
            store.Projections.Add(new TomorrowsSummaries(meaning), summaries);
        });
        nodes.Add(node);
        return node;
    }

    /// <summary>Starts a node whose class takes the place of one of today's.</summary>
    public DocumentStore Instead<TOld>(Action<StoreOptions> lines, Func<object, object>? meaning = null)
        where TOld : class => Node(lines, store => store.Events.Event<TOld>("no_more"), meaning);

    /// <summary>Appends facts to an order, views included.</summary>
    public static async Task Append<TOrder>(IDocumentStore node, Guid orderId, params object[] facts)
        where TOrder : class
    {
        await using var session = node.LightweightSession();
        var stream = await session.Events.FetchForWriting<TOrder>(orderId, TestContext.Current.CancellationToken);
        stream.AppendMany(facts);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The facts of an order as a node reads them.</summary>
    public static async Task<object[]> Facts(IDocumentStore node, Guid orderId)
    {
        await using var session = node.QuerySession();
        return [.. (await session.Events.FetchStreamAsync(orderId, token: TestContext.Current.CancellationToken)).Select(e => e.Data)];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        nodes.ForEach(node => node.Dispose());
        database.Dispose();
    }

    /// <summary>An event of tomorrow as today's fold would have met it.</summary>
    internal static IEvent Told(IEvent e, Func<object, object> meaning)
    {
        var told = meaning(e.Data).AsEvent();
        (told.StreamId, told.Version, told.Timestamp) = (e.StreamId, e.Version, e.Timestamp);
        return told;
    }
}

/// <summary>Tomorrow's fold of orders.</summary>
public sealed partial class TomorrowsOrders : SingleStreamProjection<Order, Guid>
{
    readonly Func<object, object> meaning;

    public TomorrowsOrders(Func<object, object> meaning, uint version = 1) => (this.meaning, Name, Version, IncludeArchivedEvents) = (meaning, "orders", version, true);

    public override Order? Evolve(Order? snapshot, Guid id, IEvent e) => new OrderProjection().Evolve(snapshot, id, Tomorrow.Told(e, meaning));
}

/// <summary>Tomorrow's fold of summaries.</summary>
public sealed partial class TomorrowsSummaries : SingleStreamProjection<OrderSummary, Guid>
{
    readonly Func<object, object> meaning;

    public TomorrowsSummaries(Func<object, object> meaning, uint version = 1) => (this.meaning, Name, Version, IncludeArchivedEvents) = (meaning, "order_summaries", version, true);

    public override OrderSummary? Evolve(OrderSummary? snapshot, Guid id, IEvent e) => new OrderSummaryProjection().Evolve(snapshot, id, Tomorrow.Told(e, meaning));
}

/// <summary>Tomorrow's fold of sales.</summary>
public sealed partial class TomorrowsSales : SingleStreamProjection<Sale, Guid>
{
    readonly Func<object, object> meaning;

    public TomorrowsSales(Func<object, object> meaning, uint version = 1) => (this.meaning, Name, Version, IncludeArchivedEvents) = (meaning, "sales", version, true);

    public override Sale? Evolve(Sale? snapshot, Guid id, IEvent e) => new SaleProjection().Evolve(snapshot, id, Tomorrow.Told(e, meaning));
}
