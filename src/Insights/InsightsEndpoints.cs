using Microsoft.AspNetCore.Authorization;
using OrderMonolith.Http;
using OrderMonolith.Views;
using Wolverine.Http;

namespace OrderMonolith.Insights;

/// <summary>Where figures over all orders are read. They are the shop's: a customer's token sees that customer's own and nothing else.</summary>
[Authorize(Scopes.ReadInsights)]
public static class InsightsEndpoints
{
    /// <summary>What was sold, over time.</summary>
    [WolverineGet("/v1/insights/sales")]
    public static Task<IResult> GetSales(View<Sale> sales, TimeProvider clock, HttpContext http) =>
        OfTheShop(http, () => SalesFigures.Of(http, sales, clock));

    /// <summary>What was sold, by product.</summary>
    [WolverineGet("/v1/insights/products")]
    public static Task<IResult> GetProducts(View<Sale> sales, TimeProvider clock, HttpContext http) =>
        OfTheShop(http, () => ProductFigures.Of(http, sales, clock));

    /// <summary>What is bought together with a product.</summary>
    [WolverineGet("/v1/insights/products/{productId}/bought-together")]
    public static Task<IResult> GetBoughtTogether(string productId, View<Sale> sales, HttpContext http) =>
        OfTheShop(http, () => BoughtTogether.Of(http, sales, productId));

    /// <summary>What a customer ordered, all in all.</summary>
    [WolverineGet("/v1/insights/customers/{customerId}")]
    public static Task<IResult> GetCustomer(string customerId, View<Sale> sales, HttpContext http) =>
        OfTheShop(http, () => CustomerFigures.Of(http, sales, customerId), orCustomer: customerId);

    /// <summary>Why orders were called off, and how soon.</summary>
    [WolverineGet("/v1/insights/cancellations")]
    public static Task<IResult> GetCancellations(View<Sale> sales, TimeProvider clock, HttpContext http) =>
        OfTheShop(http, () => CancellationFigures.Of(http, sales, clock));

    static async Task<IResult> OfTheShop<T>(HttpContext http, Func<Task<T>> figures, string? orCustomer = null) =>
        Caller.Of(http).CustomerId is { } customer && customer != orCustomer
            ? throw new ProblemException("forbidden", "These figures are the shop's: a customer's token sees its own alone, at /v1/insights/customers/ and the customer's id.")
            : (IResult)StoredJson.Of(await figures());
}
