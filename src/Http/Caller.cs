using System.Security.Claims;

namespace OrderMonolith.Http;

/// <summary>Who is calling, as far as an order is concerned.</summary>
/// <param name="Actor">The token's subject, or <c>anonymous</c>.</param>
/// <param name="CustomerId">The customer that the token stands for, if it does: all other customers' orders do not exist for it.</param>
public sealed record Caller(string Actor, string? CustomerId)
{
    /// <summary>The caller of a request.</summary>
    public static Caller Of(HttpContext http) => new(
        http.User.FindFirstValue("sub") ?? http.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "anonymous",
        http.User.FindFirstValue("customer_id"));
}
