using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Views;

namespace OrderMonolith.Insights;

/// <summary>What is bought together with a product: worked out from the orders that hold it, as pairs of products would be far more than orders.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Orders">How many orders that hold it were looked at.</param>
/// <param name="Items">What else is in them, the most frequent first; at most 50.</param>
public sealed record BoughtTogether(string ProductId, long Orders, IReadOnlyList<Companion> Items)
{
    /// <summary>A larger basket is a reseller's, and says nothing of what goes together.</summary>
    public const int LargestBasket = 100;

    const int Most = 50;

    /// <summary>Answers a request.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>, <c>query-too-slow</c></exception>
    public static async Task<BoughtTogether> Of(HttpContext http, View<Sale> sales, string productId)
    {
        QueryParameters.Of(http);
        QueryParameters.Check("productId", productId, new ProductIdAttribute());
        // The product itself is in every one of them, so its own row tells how many they are.
        var rows = await sales.Ask(
            http,
            table => $"""
            with together as (
                select product, count(*) orders from {table}, unnest(products) product
                where products @> array[$1] and {SalesTable.Stands} and confirmed_at is not null and cardinality(products) <= $2
                group by product)
            select product, orders from together order by product = $1 desc, orders desc, product collate "C" limit $3
            """,
            [productId, LargestBasket, Most + 1],
            row => new Companion(row.GetString(0), row.GetInt64(1)));
        return new(productId, rows.FirstOrDefault()?.Orders ?? 0, rows[Math.Min(1, rows.Count)..]);
    }
}

/// <summary>A product that is bought together with another.</summary>
/// <param name="ProductId">Which.</param>
/// <param name="Orders">How many orders hold both.</param>
public sealed record Companion(string ProductId, long Orders);
