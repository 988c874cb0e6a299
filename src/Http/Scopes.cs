using System.Security.Claims;

namespace OrderMonolith.Http;

/// <summary>What a token may allow. Each is a scope in the token's <c>scope</c> or <c>scp</c> claim, and the name of the policy that asks for it.</summary>
public static class Scopes
{
    /// <summary>See orders.</summary>
    public const string ReadOrders = "orders:read";

    /// <summary>Create and change orders.</summary>
    public const string WriteOrders = "orders:write";

    /// <summary>See figures over all orders.</summary>
    public const string ReadInsights = "insights:read";

    /// <summary>Look after the service itself.</summary>
    public const string Operations = "operations";

    /// <summary>All scopes, and what each allows.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        [ReadOrders] = "See orders",
        [WriteOrders] = "Create and change orders",
        [ReadInsights] = "See figures over all orders",
        [Operations] = "Look after the service itself",
    };

    /// <summary>Whether a caller's token allows something: scopes stand in one claim, separated by spaces, or in several.</summary>
    public static bool Allow(this ClaimsPrincipal caller, string scope) =>
        caller.Claims.Where(claim => claim.Type is "scope" or "scp").Any(claim => claim.Value.Split(' ').Contains(scope));
}
