using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrderMonolith.Http;

/// <summary>Where a page of a list ended: the last row's place in the order, bound to the list it was made for.</summary>
/// <param name="Key">The last row's value in the column that the list is sorted by: a UTC time or an amount.</param>
/// <param name="Id">The last row's id, which decides between equal keys.</param>
/// <remarks>Nothing is kept on our side, so a cursor never expires. What it is bound to is a digest: the caller repeats the parameters themselves.</remarks>
public readonly record struct PageCursor(object Key, Guid Id)
{
    const int DigestBytes = 8;

    /// <summary>The cursor as callers see it.</summary>
    /// <param name="list">What it is bound to: sort and filters in one text.</param>
    public string Write(string list)
    {
        var key = Key is DateTime time ? time.Ticks.ToString(CultureInfo.InvariantCulture) : ((decimal)Key).ToString(CultureInfo.InvariantCulture);
        return Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{Digest(list)}|{key}|{Id:N}"));
    }

    /// <summary>A cursor that a caller sent back.</summary>
    /// <param name="cursor">As <see cref="Write"/> gave it.</param>
    /// <param name="list">The list that is asked for now.</param>
    /// <param name="byTime">Whether that list is sorted by a time.</param>
    /// <exception cref="ProblemException"><c>validation-failed</c>: not a cursor of ours, or one of another list.</exception>
    public static PageCursor Read(string cursor, string list, bool byTime)
    {
        if (!Base64Url.IsValid(cursor) || Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor)).Split('|') is not [var digest, var key, var id]
            || !Guid.TryParseExact(id, "N", out var after))
            throw ProblemException.Wrong("cursor", "is not one that was given out");
        if (digest != Digest(list)) throw ProblemException.Wrong("cursor", "belongs to a list with another sort or other filters");
        return new(Place(key, byTime) ?? throw ProblemException.Wrong("cursor", "is not one that was given out"), after);
    }

    static object? Place(string key, bool byTime) => byTime
        ? long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime(ticks, DateTimeKind.Utc)
            : null
        : decimal.TryParse(key, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) ? amount : null;

    static string Digest(string list) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(list)).AsSpan(0, DigestBytes));
}
