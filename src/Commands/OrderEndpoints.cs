using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using Wolverine.Http;

namespace OrderMonolith.Commands;

/// <summary>Where the five commands are served.</summary>
[Authorize(Scopes.WriteOrders)]
public static class OrderEndpoints
{
    /// <summary>Starts an order, empty or with items, pending or at once confirmed.</summary>
    [WolverinePost("/v1/orders")]
    public static Task<IResult> Create([FromBody] NewOrder order, CommandRequests commands, HttpContext http) =>
        commands.Answer(http, order.OrderId ?? Guid.CreateVersion7(), order.For(Caller.Of(http)));

    /// <summary>Adds units of a product.</summary>
    [WolverinePost("/v1/orders/{orderId}/items")]
    public static Task<IResult> Add(Guid orderId, [FromBody] AddItem command, CommandRequests commands, HttpContext http) =>
        commands.Answer(http, orderId, command);

    /// <summary>Removes units of a product, or all of it.</summary>
    [WolverineDelete("/v1/orders/{orderId}/items/{productId}")]
    public static Task<IResult> Remove(Guid orderId, string productId, CommandRequests commands, HttpContext http) =>
        commands.Answer(http, orderId, Bounded.Check(new RemoveItem(productId, QueryParameters.Of(http, "quantity", "dryRun").Number("quantity", 1, Bounds.MostUnits))));

    /// <summary>Commits to the order.</summary>
    [WolverinePost("/v1/orders/{orderId}/confirm")]
    public static Task<IResult> Confirm(Guid orderId, [FromBody] ConfirmOrder command, CommandRequests commands, HttpContext http) =>
        commands.Answer(http, orderId, command);

    /// <summary>Calls the order off.</summary>
    [WolverinePost("/v1/orders/{orderId}/cancel")]
    public static Task<IResult> Cancel(Guid orderId, [FromBody] CancelOrder command, CommandRequests commands, HttpContext http) =>
        commands.Answer(http, orderId, command);
}
