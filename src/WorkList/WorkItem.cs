using JasperFx.Events.Projections;
using Marten;
using Marten.Schema;
using OrderMonolith.Orders;
using OrderMonolith.Views;
using Weasel.Postgresql.Tables;

namespace OrderMonolith.WorkList;

/// <summary>An order that waits for somebody. Of one that no longer does, only the id and the version are kept.</summary>
public sealed record WorkItem : IOrderRow
{
    /// <summary>The order.</summary>
    public Guid OrderId { get; init; }

    /// <summary>Whether it still waits: neither confirmed nor cancelled.</summary>
    public bool Pending { get; init; }

    /// <summary>Whose order it is.</summary>
    public string? CustomerId { get; init; }

    /// <summary>ISO 4217 code of the amount.</summary>
    public string? Currency { get; init; }

    /// <summary>Sum of quantity × unit price, exact.</summary>
    public decimal? TotalAmount { get; init; }

    /// <summary>Time of its first event.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Time of the latest event in here.</summary>
    public DateTimeOffset? LastUpdated { get; init; }

    /// <summary>The distinct products that it holds, as they were first added; to be left as it is.</summary>
    public string[]? Products { get; init; }

    /// <summary>Units of each product; to be left as it is.</summary>
    public long[]? Units { get; init; }

    /// <summary>How many events of the order are in here.</summary>
    public long Version { get; init; }
}

/// <summary>Keeps the work list, behind the events, with a row for every order so that it can be held against them.</summary>
public sealed partial class WorkListProjection() : OrderView<WorkItem>("work_list", 1)
{
    /// <inheritdoc />
    protected override WorkItem First(Guid id, DateTimeOffset at) => new() { OrderId = id, Pending = true, CustomerId = "", Currency = "", TotalAmount = 0, CreatedAt = at, Products = [], Units = [] };

    /// <inheritdoc />
    protected override WorkItem At(WorkItem row, long version, DateTimeOffset at) => row with { Version = version, LastUpdated = row.Pending ? at : null };

    /// <inheritdoc />
    protected override WorkItem After(WorkItem row, OrderEvent fact, DateTimeOffset at) =>
        fact is OrderConfirmed or OrderCancelled || !row.Pending ? new() { OrderId = row.OrderId } : With(row, fact);

    static WorkItem With(WorkItem item, OrderEvent fact) => fact switch
    {
        OrderCreated e => item with { CustomerId = e.CustomerId, Currency = e.Currency },
        ItemAdded e => Moved(item, e.ProductId, e.Quantity, e.UnitPrice),
        ItemRemoved e => Moved(item, e.ProductId, -e.Quantity, e.UnitPrice),
        _ => item,
    };

    static WorkItem Moved(WorkItem item, string productId, int units, decimal unitPrice)
    {
        var (products, held) = (item.Products!.ToList(), item.Units!.ToList());
        if (products.IndexOf(productId) is not (>= 0 and var place)) (place, products, held) = (products.Count, [.. products, productId], [.. held, 0]);
        if ((held[place] += units) <= 0)
        {
            products.RemoveAt(place);
            held.RemoveAt(place);
        }

        return item with { TotalAmount = (item.TotalAmount + units * unitPrice) / Amounts.Scaleless, Products = [.. products], Units = [.. held] };
    }
}

/// <summary>How the work list lies in the database: no index holds an order that no longer waits.</summary>
public static class WorkListTable
{
    const string Waits = "pending";

    /// <summary>Adds the view to a store.</summary>
    public static void WorkList(this StoreOptions store)
    {
        store.Projections.Add<WorkListProjection>(ProjectionLifecycle.Async);
        store.Schema.For<WorkItem>().DocumentAlias("work_item").Identity(item => item.OrderId);
        store.Policies.ForAllDocuments(document =>
        {
            if (document.DocumentType == typeof(WorkItem)) Columns(document);
        });
    }

    static void Columns(DocumentMapping items)
    {
        items.DuplicateField(nameof(WorkItem.Pending), notNull: true);
        items.DuplicateField(nameof(WorkItem.Currency));
        items.DuplicateField(nameof(WorkItem.TotalAmount), "numeric");
        items.DuplicateField(nameof(WorkItem.CreatedAt), "timestamptz");
        items.DuplicateField(nameof(WorkItem.Products), "text[]");

        items.AddIndex("created_at", "id").Predicate = Waits;
        items.AddIndex("currency", "total_amount", "id").Predicate = Waits;
        var products = items.AddIndex("products");
        (products.Method, products.Predicate) = (IndexMethod.gin, Waits);
    }
}
