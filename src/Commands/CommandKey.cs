using System.Security.Cryptography;
using System.Text;
using OrderMonolith.Http;

namespace OrderMonolith.Commands;

/// <summary>A caller's Idempotency-Key and the request it came with: however often both come, the command has its effect once.</summary>
/// <param name="Id">Stands for caller and key; one caller's key is never another's.</param>
/// <param name="Request">Stands for method, path, query and body.</param>
/// <param name="Minimal">Whether the caller wants no body.</param>
public sealed record CommandKey(string Id, string Request, bool Minimal)
{
    const int Longest = 255;

    /// <summary>The key of a request, if it has one. The body must have been read.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c>: it is empty, too long, holds other than visible characters, or there are several.</exception>
    public static CommandKey? Of(HttpContext http, Caller caller, bool minimal)
    {
        var header = http.Request.Headers["Idempotency-Key"];
        if (header.Count == 0) return null;
        if (header is not [{ Length: > 0 and <= Longest } key] || key.Any(c => c is <= ' ' or > '~'))
            throw ProblemException.Wrong("Idempotency-Key", $"must be one value of 1 to {Longest} visible characters");
        var request = http.Request;
        return new(
            Hash(Utf8(caller.Issuer), Utf8(caller.Actor), Utf8(key)),
            Hash(Utf8(request.Method), Utf8(request.Path), Utf8(request.QueryString.Value), RequestBody.BytesOf(http)),
            minimal);
    }

    /// <summary>The key that a message with an id is to its sender.</summary>
    /// <param name="sender">Who sent it, if the broker vouches for somebody.</param>
    /// <param name="messageId">Its id.</param>
    /// <param name="body">What it says.</param>
    public static CommandKey OfMessage(string? sender, string messageId, ReadOnlySpan<byte> body) =>
        new(Hash("message"u8.ToArray(), Utf8(sender), Utf8(messageId), []), Hash(body.ToArray()), true) { AnswersAlike = true };

    /// <summary>Whether a repeat is answered as the first time whatever that was. A message comes again without its sender's doing, who must not be told two things.</summary>
    public bool AnswersAlike { get; private init; }

    /// <summary>SHA-256 over the parts, each behind its length, so that no two lists of parts read alike.</summary>
    static string Hash(params ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    static byte[] Utf8(string? text) => Encoding.UTF8.GetBytes(text ?? "");
}
