using System.Collections.Frozen;
using System.Security.Claims;

namespace OrderMonolith.Http;

/// <summary>Who is calling, as far as an order is concerned.</summary>
/// <param name="Actor">The token's subject, or <c>anonymous</c>.</param>
/// <param name="Issuer">Who vouches for the subject; empty where nobody does.</param>
/// <param name="CustomerId">The customer that the token stands for, if it does: all other customers' orders do not exist for it.</param>
public sealed record Caller(string Actor, string Issuer, string? CustomerId)
{
    /// <summary>The claim of a token that stands for a customer: the customer's id.</summary>
    public const string CustomerClaim = "customer_id";

    /// <summary>The actor where nobody has to say who they are.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>The customer of orders that nobody put a name to; no token can be it.</summary>
    public const string Guest = "guest";

    /// <summary>Actors that are ours; no token can be one.</summary>
    public static FrozenSet<string> Reserved { get; } = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, Anonymous, "import", "rabbitmq", "system");

    /// <summary>The caller of a request.</summary>
    public static Caller Of(HttpContext http) =>
        new(http.User.FindFirstValue("sub") ?? Anonymous, http.User.FindFirstValue("iss") ?? "", http.User.FindFirstValue(CustomerClaim));
}
