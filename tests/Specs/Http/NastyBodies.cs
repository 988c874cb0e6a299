using System.Globalization;
using System.Text;

namespace OrderMonolith.Specs;

/// <summary>Bodies as nobody should send them, and some as they should be.</summary>
/// <param name="random">Where the choices come from.</param>
sealed class NastyBodies(Random random)
{
    public static readonly string[] Numbers =
    [
        "0", "-0", "-1", "1", "1.0", "1e0", "2147483648", "1e400", "-1e400", "1e-400", "123456789012345678901234567890", "0.00000000000000000000000000001",
        "1000000.00001", "0.1e1", "00", "01", "+1", ".5", "1.", "NaN", "Infinity", "0x10", "1_000", "9.999999999999999999999999999999",
    ];

    static readonly string[] Texts =
    [
        "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"\\ud83d\\ude00\"", "\"\\u202e\"", "\"a/b\"", "\"..\"", "\"c1\"", "\"tea\"", "\"USD\"", "\"usd\"", "\"guest\"",
        "\"00000000-0000-0000-0000-000000000000\"", "\"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c\"", "\"{0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c}\"", "\"\\x\"", "\"\u0001\"", "'a'", "\"1\"", "\"true\"",
    ];

    static readonly string[] Members =
    [
        "orderId", "customerId", "currency", "items", "confirm", "productId", "quantity", "unitPrice", "description", "reason", "CustomerId", "$type", "__proto__", "", "\\u0000",
        "atVersion", "drop", "commands", "type",
    ];

    static readonly string[] Commands = ["\"AddItem\"", "\"AddItem\"", "\"RemoveItem\"", "\"ConfirmOrder\"", "\"CancelOrder\"", "\"CreateOrder\"", "\"addItem\"", "\"System.String\"", "\"\"", "1", "null", "{}", "\"\\ud800\""];

    /// <summary>One to be sent to a route.</summary>
    public byte[] For(string path) => random.Next(20) switch
    {
        0 => Noise(),
        1 => [0xEF, 0xBB, 0xBF, .. "{}"u8],
        2 => Encoding.Unicode.GetBytes("""{"customerId":"c1"}"""),
        3 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Any("[", "{\"a\":", "{\"items\":[{\"items\":["), random.Next(1, 3_000)))),
        4 or 5 => Broken(Encoding.UTF8.GetBytes(Likely(path))),
        6 or 7 or 8 => Encoding.UTF8.GetBytes(Value(0)),
        9 => Encoding.UTF8.GetBytes(Any("{} {}", "{}//", "", " ", "null", "{", "\0")),
        _ => Encoding.UTF8.GetBytes(Likely(path)),
    };

    /// <summary>What a request should be, or nearly.</summary>
    string Likely(string path) => path.Split('/')[^1] switch
    {
        "orders" => Any(
            """{"customerId":"c1"}""",
            $$"""{"customerId":"c1","items":[{"productId":"tea","quantity":{{Any(Numbers)}},"unitPrice":{{Any(Numbers)}}}]}""",
            $$"""{"orderId":{{Any(Texts)}},"customerId":{{Any(Texts)}},"currency":{{Any(Texts)}}}""",
            $$"""{"customerId":"c1","customerId":"c2"}""",
            $$"""{"customerId":"c1",{{Quoted(Any(Members))}}:{{Value(2)}}}"""),
        "items" => Any(
            """{"productId":"tea","quantity":2,"unitPrice":9.5}""",
            $$"""{"productId":{{Any(Texts)}},"quantity":{{Any(Numbers)}},"unitPrice":{{Any(Numbers)}}}""",
            $$"""{"productId":"tea","quantity":1,"unitPrice":1,"description":{{Any(Texts)}}}"""),
        "what-if" => Any(
            $$"""{"atVersion":{{Any(Numbers)}},"commands":[{{Command()}}]}""",
            $$"""{"drop":[{{Any(Numbers)}},2,{{Any(Numbers)}}]}""",
            $$"""{"drop":[2,2,3],"commands":[{{Command()}},{{Command()}},{{Command()}}]}""",
            $$"""{"atVersion":1,"drop":{{Any("[]", "[2]", "[3,2]", "null", "2")}},"commands":[{{Command()}},{{Command()}}]}""",
            $$"""{"commands":{{Value(2)}}}"""),
        _ => Any("{}", $$"""{"reason":{{Any(Texts)}}}"""),
    };

    /// <summary>Nearly what may be asked for in another past.</summary>
    string Command() => Any(
        """{"type":"AddItem","productId":"tea","quantity":3,"unitPrice":9.5}""",
        """{"type":"RemoveItem","productId":"tea"}""",
        $$"""{"type":{{Any(Commands)}}}""",
        $$"""{"type":"AddItem","productId":"tea","quantity":{{Any(Numbers)}},"unitPrice":{{Any(Numbers)}}}""",
        $$"""{"productId":"tea","type":"RemoveItem","quantity":{{Any(Numbers)}}}""",
        $$"""{"type":"RemoveItem","productId":{{Any(Texts)}}}""",
        $$"""{"type":{{Any(Commands)}},"type":{{Any(Commands)}},"reason":{{Any(Texts)}}}""",
        $$"""{"type":"CancelOrder",{{Quoted(Any(Members))}}:{{Value(3)}}}""",
        "null", "[]");

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
