using System.Globalization;
using System.Text;

namespace OrderMonolith.Specs;

/// <summary>Requests as nobody should send them.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="orders">Orders that exist.</param>
sealed class Nasties(Random random, IReadOnlyList<string> orders)
{
    static readonly string[] Numbers =
    [
        "0", "-0", "-1", "1", "1.0", "1e0", "2147483648", "1e400", "-1e400", "1e-400", "123456789012345678901234567890", "0.00000000000000000000000000001",
        "1000000.00001", "0.1e1", "00", "01", "+1", ".5", "1.", "NaN", "Infinity", "0x10", "1_000", "9.999999999999999999999999999999",
    ];

    static readonly string[] Texts =
    [
        "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\ud83d\\ude00\"", "\"\\u202e\"", "\"a/b\"", "\"..\"", "\"c1\"", "\"tea\"", "\"USD\"", "\"usd\"", "\"guest\"",
        "\"00000000-0000-0000-0000-000000000000\"", "\"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c\"", "\"{0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c}\"", "\"\\x\"", "\"\u0001\"", "'a'", "\"1\"", "\"true\"",
    ];

    static readonly string[] Members = ["orderId", "customerId", "currency", "items", "confirm", "productId", "quantity", "unitPrice", "description", "reason", "CustomerId", "$type", "__proto__", "", "\\u0000"];

    static readonly string[] Tags = ["*", "\"1\"", "1", "W/\"1\"", "\"1\", \"2\"", "\"", "\"-1\"", "\"99999999999999999999\"", "", ",", "\"é\"", "\"1\",*"];

    static readonly string[] Ids = ["not-an-id", "00000000-0000-0000-0000-000000000000", "%20", "%E2%80%AE", "0", "-", "'", "a;drop%20table", "%25", "%3Cscript%3E", "..%5c", "%u0041", new('a', 300)];

    static readonly string[] Queries =
    [
        "", "?", "?&&", "?=", "?quantity=", "?quantity=1&quantity=2", "?quantity=-1", "?quantity=1e3", "?quantity=%00", "?quantity=99999999999999999999", "?limit=0", "?limit=201", "?cursor=x", "?cursor=%00",
        "?customerId=%00", "?customerId=%FF", "?customerId=%ED%A0%80", "?productId=%27%3B", "?sort=%2D", "?minTotal=1e9", "?minTotal=-0", "?createdFrom=yesterday", "?createdTo=9999-12-31T23:59:59Z", "?createdFrom=0001-01-01T00:00:00%2B14:00",
        "?status=0", "?currency=%C3%9F", "?version=0", "?x[]=1", "?" + new string('a', 2_000),
    ];

    static readonly string[] Types =
        ["application/json", "application/json", "application/json", "application/json", "application/json; charset=utf-8", "application/json; charset=nonsense", "text/json", "", ";", "application/json,text/plain", "multipart/form-data", "é"];

    /// <summary>One more request: its line, headers and body.</summary>
    public (string Line, string[] Headers, byte[]? Body) Next()
    {
        var method = Any("GET", "POST", "POST", "POST", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "TRACE", "QUERY");
        var id = random.Next(3) > 0 ? orders[random.Next(orders.Count)] : Any(Ids);
        var path = Any("/v1/orders", $"/v1/orders/{id}", $"/v1/orders/{id}/items", $"/v1/orders/{id}/items/{Any(Ids)}", $"/v1/orders/{id}/items/tea", $"/v1/orders/{id}/confirm", $"/v1/orders/{id}/cancel", $"/v1/orders/{id}/summary", $"/problems/{Any(Ids)}");
        List<string> headers = [$"Content-Type: {Any(Types)}"];
        if (random.Next(3) == 0) headers.Add($"If-Match: {Any(Tags)}");
        if (random.Next(3) == 0) headers.Add($"If-None-Match: {Any(Tags)}");
        if (random.Next(3) == 0) headers.Add($"Prefer: {Any("return=minimal", "return", "=", "return=\"minimal\"", "wait=1e9, return=minimal", ";;;", "é")}");
        if (random.Next(6) == 0) headers.Add($"traceparent: {Any("nonsense", "00-0-0-0", "00-00000000000000000000000000000000-0000000000000000-00")}");
        if (random.Next(6) == 0) headers.Add($"Authorization: {Any("Bearer", "Bearer x.y.z", "nonsense")}");
        if (random.Next(6) == 0) headers.Add($"Accept: {Any("text/html", "nonsense", "*/*;q=2")}");
        return ($"{method} {path}{(random.Next(3) == 0 ? Any(Queries) : "")}", [.. headers], method is "POST" or "PUT" || random.Next(8) == 0 ? Body() : null);
    }

    byte[] Body() => random.Next(10) switch
    {
        0 => Noise(),
        1 => [0xEF, 0xBB, 0xBF, .. "{}"u8],
        2 => Encoding.Unicode.GetBytes("""{"customerId":"c1"}"""),
        3 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Any("[", "{\"a\":", "{\"items\":[{\"items\":["), random.Next(1, 3_000)))),
        4 => Broken(Encoding.UTF8.GetBytes(Likely())),
        5 or 6 => Encoding.UTF8.GetBytes(Likely()),
        _ => Encoding.UTF8.GetBytes(Value(0)),
    };

    /// <summary>Nearly what a request should be.</summary>
    string Likely() => Any(
        $$"""{"customerId":"c1","items":[{"productId":"tea","quantity":{{Any(Numbers)}},"unitPrice":{{Any(Numbers)}}}]}""",
        $$"""{"productId":{{Any(Texts)}},"quantity":{{Any(Numbers)}},"unitPrice":{{Any(Numbers)}}}""",
        $$"""{"productId":"tea","quantity":1,"unitPrice":1,"description":{{Any(Texts)}}}""",
        $$"""{"orderId":{{Any(Texts)}},"customerId":{{Any(Texts)}},"currency":{{Any(Texts)}}}""",
        $$"""{"customerId":"c1","customerId":"c2"}""",
        $$"""{"customerId":"c1",{{Quoted(Any(Members))}}:{{Value(2)}}}""",
        $$"""{"reason":{{Any(Texts)}}}""",
        "{} {}", "{}//", "", " ", "null", "{", "\0");

    string Value(int depth) => random.Next(depth > 3 ? 4 : 6) switch
    {
        0 => Any(Numbers),
        1 => Any(Texts),
        2 => Any("true", "false", "null", "True", "undefined"),
        3 => "{}",
        4 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth + 1)))}]",
        _ => $"{{{string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => $"{Quoted(Any(Members))}:{Value(depth + 1)}"))}}}",
    };

    byte[] Noise()
    {
        var noise = new byte[random.Next(200)];
        random.NextBytes(noise);
        return noise;
    }

    byte[] Broken(byte[] bytes)
    {
        if (bytes.Length > 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    string Any(params ReadOnlySpan<string> of) => of[random.Next(of.Length)];

    static string Quoted(string name) => string.Create(CultureInfo.InvariantCulture, $"\"{name}\"");
}
