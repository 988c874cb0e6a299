using Marten;
using Marten.Schema;
using Weasel.Postgresql.Tables;

namespace OrderMonolith.Insights;

/// <summary>How the sales lie in the database: the columns that figures are made of, and the indexes that find them.</summary>
public static class SalesTable
{
    /// <summary>What an order that was confirmed must keep to, so that it is still a sale.</summary>
    public const string Stands = "cancelled_at is null";

    /// <summary>Adds the view to a store.</summary>
    public static void Sales(this StoreOptions store)
    {
        store.Projections.Add<SaleProjection>(JasperFx.Events.Projections.ProjectionLifecycle.Async);
        store.Schema.For<Sale>().DocumentAlias("sale").Identity(sale => sale.OrderId);
        store.Policies.ForAllDocuments(document =>
        {
            if (document.DocumentType == typeof(Sale)) Columns(document);
        });
    }

    static void Columns(DocumentMapping sales)
    {
        sales.DuplicateField(nameof(Sale.CustomerId), notNull: true);
        sales.DuplicateField(nameof(Sale.Currency), notNull: true);
        sales.DuplicateField(nameof(Sale.Status), notNull: true);
        sales.DuplicateField(nameof(Sale.CreatedAt), "timestamptz", notNull: true);
        sales.DuplicateField(nameof(Sale.ConfirmedAt), "timestamptz");
        sales.DuplicateField(nameof(Sale.CancelledAt), "timestamptz");
        sales.DuplicateField(nameof(Sale.Reason));
        sales.DuplicateField(nameof(Sale.Total), "numeric", notNull: true);
        sales.DuplicateField(nameof(Sale.Products), "text[]", notNull: true);
        sales.DuplicateField(nameof(Sale.Units), "bigint[]", notNull: true);
        sales.DuplicateField(nameof(Sale.Revenue), "numeric[]", notNull: true);

        sales.AddIndex("created_at", "currency");
        sales.AddIndex("confirmed_at", "currency", "total").Predicate = Stands;
        sales.AddIndex("cancelled_at", "currency").Predicate = "cancelled_at is not null";
        sales.AddIndex("customer_id");
        var products = sales.AddIndex("products");
        (products.Method, products.Predicate) = (IndexMethod.gin, Stands);
    }
}
