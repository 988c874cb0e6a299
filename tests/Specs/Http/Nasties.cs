namespace OrderMonolith.Specs;

/// <summary>Requests as nobody should send them.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="orders">Orders that exist.</param>
/// <param name="tokens">Consistency-Tokens that were given.</param>
sealed class Nasties(Random random, IReadOnlyList<string> orders, IReadOnlyList<string> tokens)
{
    static readonly string[] Tags = ["*", "\"1\"", "1", "W/\"1\"", "\"1\", \"2\"", "\"", "\"-1\"", "\"99999999999999999999\"", "", ",", "\"é\"", "\"1\",*"];

    static readonly string[] Ids = ["not-an-id", "00000000-0000-0000-0000-000000000000", "%20", "%E2%80%AE", "0", "-", "'", "a;drop%20table", "%25", "%3Cscript%3E", "..%5c", "%u0041", new('a', 300)];

    static readonly string[] Queries =
    [
        "", "?", "?&&", "?=", "?quantity=", "?quantity=1&quantity=2", "?quantity=-1", "?quantity=1e3", "?quantity=%00", "?quantity=99999999999999999999", "?limit=0", "?limit=201", "?cursor=x", "?cursor=%00",
        "?customerId=%00", "?customerId=%FF", "?customerId=%ED%A0%80", "?productId=%27%3B", "?sort=%2D", "?minTotal=1e9", "?minTotal=-0", "?createdFrom=yesterday", "?createdTo=9999-12-31T23:59:59Z", "?createdFrom=0001-01-01T00:00:00%2B14:00",
        "?status=0", "?currency=%C3%9F", "?version=0", "?from=1&to=2", "?from=2&to=0", "?after=1&limit=1", "?dryRun=true", "?dryRun=true", "?dryRun=true&quantity=1", "?x[]=1", "?" + new string('a', 2_000),
    ];

    static readonly string[] Parameters = ["version", "at", "from", "to", "after", "limit", "dryRun", "quantity", "cursor", "sort", "Version", "dryrun", "%61fter", "from%00"];

    static readonly string[] Values =
    [
        .. NastyBodies.Numbers, "1", "1", "2", "3", "100", "1000", "1001", "2147483647", "9223372036854775807", "true", "false", "TRUE", "", "%00", "%FF", "%ED%A0%80", "%20", "%201", "1%20", "+1", "1,2", "*", "null",
        "2026-01-31", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.1234567%2B14:00", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999-14:00", "0001-01-01T00:00:00%2B14:00", "0001-01-01", "2026-02-30",
        "2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z", "2026-01-31T10:00:00", "-0001-01-01", "10000-01-01", "now",
    ];

    static readonly string[] Keys = ["", " ", "two words", "a,b", "\"k1\"", "*", "é", "\t", "\u007f", new('k', 255), new('k', 256), new('k', 5_000)];

    static readonly string[] Waits = ["0", "1", "-1", "31", "1e9", "4294967295", "4294967296", "99999999999999999999", "", "\"1\"", "0.5", "é", "1;x=1", "1, wait=2"];

    static readonly string[] Types =
        [.. Enumerable.Repeat("application/json", 20), "application/json; charset=utf-8", "application/json; charset=nonsense", "text/json", "", ";", "application/json,text/plain", "multipart/form-data", "é"];

    readonly NastyBodies bodies = new(random);

    (string Line, string[] Headers, byte[]? Body)? last;

    /// <summary>One more request, or the last one once more: its line, headers and body.</summary>
    public (string Line, string[] Headers, byte[]? Body) Next()
    {
        if (last is { } again && random.Next(8) == 0) return again;
        var id = random.Next(4) > 0 ? orders[random.Next(orders.Count)] : Any(Ids);
        var route = Any(
            "POST /v1/orders", "GET /v1/orders", $"GET /v1/orders/{id}", $"POST /v1/orders/{id}/items", $"DELETE /v1/orders/{id}/items/{Any("tea", "tea", Any(Ids))}", $"POST /v1/orders/{id}/confirm", $"POST /v1/orders/{id}/cancel",
            $"GET /v1/orders/{id}/summary", $"GET /v1/orders/{id}/events", $"GET /v1/orders/{id}/diff", $"POST /v1/orders/{id}/what-if", $"POST /v1/orders/{id}/what-if", $"GET /problems/{Any(Ids)}").Split(' ');
        var method = random.Next(5) > 0 ? route[0] : Any("GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "TRACE", "QUERY");
        List<string> headers = [$"Content-Type: {Any(Types)}"];
        Perhaps(6, "If-Match", Any(Tags));
        Perhaps(6, "If-None-Match", Any(Tags));
        Perhaps(6, "Prefer", Any("return=minimal", "return", "=", "return=\"minimal\"", "wait=1e9, return=minimal", ";;;", "é", $"wait={Any(Waits)}", $"return=minimal, wait={Any(Waits)}"));
        Perhaps(3, "Idempotency-Key", random.Next(4) > 0 ? $"k{random.Next(1_000_000)}" : Any(Keys));
        Perhaps(40, "idempotency-key", Any(Keys));
        Perhaps(6, "Consistency-Token", Token());
        Perhaps(40, "Consistency-Token", Token());
        Perhaps(12, "traceparent", Any("nonsense", "00-0-0-0", "00-00000000000000000000000000000000-0000000000000000-00"));
        Perhaps(12, "Authorization", Any("Bearer", "Bearer x.y.z", "nonsense"));
        Perhaps(12, "Accept", Any("text/html", "nonsense", "*/*;q=2"));
        last = ($"{method} {route[1]}{Query()}", [.. headers], method is "POST" or "PUT" || random.Next(8) == 0 ? bodies.For(route[1]) : null);
        return last.Value;

        void Perhaps(int oneIn, string name, string value)
        {
            if (random.Next(oneIn) == 0) headers.Add($"{name}: {value}");
        }
    }

    string Query() => random.Next(8) switch
    {
        0 => Any(Queries),
        1 or 2 => $"?{string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{Any(Parameters)}={Any(Values)}"))}",
        _ => "",
    };

    /// <summary>One that was given, or nearly.</summary>
    string Token()
    {
        var given = tokens[random.Next(tokens.Count)];
        return random.Next(3) > 0 ? given : Any("", "x", new('A', 32), new('_', 32), given + "=", given[..^1], given[..22] + "__________", given.ToLowerInvariant(), given + ", " + given, "é");
    }

    string Any(params ReadOnlySpan<string> of) => of[random.Next(of.Length)];
}
