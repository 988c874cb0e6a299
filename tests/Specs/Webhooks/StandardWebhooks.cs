using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderMonolith.Specs;

/// <summary>How a partner checks what it gets, written from the specification of Standard Webhooks 1.0 alone.</summary>
static class StandardWebhooks
{
    static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Whether a request was signed with a secret, a short while ago.</summary>
    public static bool Verifies(string secret, Received request, DateTimeOffset? now = null)
    {
        var (id, timestamp) = (request.Headers["webhook-id"], request.Headers["webhook-timestamp"]);
        var sent = DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture));
        if (((now ?? DateTimeOffset.UtcNow) - sent).Duration() > Tolerance) return false;

        using var hmac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        hmac.TransformBlock(Encoding.UTF8.GetBytes(id + "." + timestamp + "."), 0, id.Length + timestamp.Length + 2, null, 0);
        hmac.TransformFinalBlock(request.Body, 0, request.Body.Length);
        return request.Headers["webhook-signature"].Split(' ').Select(signature => signature.Split(',', 2))
            .Any(signature => signature[0] == "v1" && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(signature[1]), hmac.Hash));
    }
}
