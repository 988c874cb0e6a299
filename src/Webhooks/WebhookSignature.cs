using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderMonolith.Webhooks;

/// <summary>Signs what is sent to webhooks, as Standard Webhooks 1.0 has it.</summary>
public static class WebhookSignature
{
    /// <summary>The value of <c>webhook-timestamp</c>: whole seconds since 1970.</summary>
    public static string Timestamp(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of <c>webhook-signature</c>: one signature by each secret.</summary>
    /// <param name="secrets">The secrets.</param>
    /// <param name="id">The value of <c>webhook-id</c>.</param>
    /// <param name="timestamp">The value of <c>webhook-timestamp</c>.</param>
    /// <param name="body">What is sent.</param>
    public static string Of(IEnumerable<WebhookSecret> secrets, string id, string timestamp, ReadOnlyMemory<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes($"{id}.{timestamp}."), .. body.Span];
        return string.Join(' ', secrets.Select(secret => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret.Key, signed))}"));
    }
}
