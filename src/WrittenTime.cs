using System.Globalization;

namespace OrderMonolith;

/// <summary>Times as people and programs write them.</summary>
public static class WrittenTime
{
    static readonly string[] Forms =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mmzzz"];

    /// <summary>Reads a time with an offset or <c>Z</c>, or a date alone, which is its midnight in UTC.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
