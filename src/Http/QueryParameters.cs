using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace OrderMonolith.Http;

/// <summary>The query string of a request, read strictly: unknown, repeated, empty and unreadable parameters are refused by name.</summary>
public sealed class QueryParameters
{
    const int ExactDigits = 28;

    static readonly RegularExpressionAttribute CurrencyCode = new("^[A-Z]{3}$") { ErrorMessage = "must be a currency code of three capital letters" };

    readonly IQueryCollection query;

    QueryParameters(IQueryCollection query) => this.query = query;

    /// <summary>The parameters of a request that may have the <paramref name="known"/> ones.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static QueryParameters Of(HttpContext http, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Contains(name)) throw ProblemException.Wrong(name, "is not a parameter");
            if (values.Count != 1) throw ProblemException.Wrong(name, "is given more than once");
            if (StringValues.IsNullOrEmpty(values)) throw ProblemException.Wrong(name, "is empty");
        }

        return new(http.Request.Query);
    }

    /// <summary>A text, if given.</summary>
    public string? Text(string name) => query.TryGetValue(name, out var values) ? values[0] : null;

    /// <summary>A text that keeps a bound, if given.</summary>
    public string? Text(string name, ValidationAttribute bound) =>
        Text(name) is not { } text || bound.IsValid(text) ? Text(name) : throw ProblemException.Wrong(name, bound.FormatErrorMessage(name));

    /// <summary>A currency's code, if given.</summary>
    public string? Currency(string name) => Text(name, CurrencyCode);

    /// <summary>Refuses a part of a path that breaks a bound, as if it were a parameter.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static void Check(string name, string value, ValidationAttribute bound)
    {
        if (!bound.IsValid(value)) throw ProblemException.Wrong(name, bound.FormatErrorMessage(name));
    }

    /// <summary>One of some words, if given.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> words) =>
        Text(name) is not { } text || words.Contains(text) ? Text(name) : throw ProblemException.Wrong(name, $"must be one of {string.Join(", ", words)}");

    /// <summary>A whole number within bounds, if given.</summary>
    public int? Number(string name, int least, int most) => Text(name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most => number,
        _ => throw ProblemException.Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}")),
    };

    /// <summary>An amount from 0 to <paramref name="most"/> with at most so many decimals, if given.</summary>
    public decimal? Amount(string name, decimal most, int decimals) => Text(name) switch
    {
        null => null,
        { Length: <= ExactDigits } text when decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            && amount <= most && decimal.Round(amount, decimals) == amount => amount,
        _ => throw ProblemException.Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be an amount from 0 to {most} with at most {decimals} decimals")),
    };

    /// <summary>A UTC time, if given: with an offset or <c>Z</c>, or a date alone, which is its midnight in UTC.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="inclusive">Whether an event at this very time counts as before it. No event lies between whole microseconds: so the time is cut to them, and else rounded up.</param>
    public DateTime? Time(string name, bool inclusive = false) => Text(name) switch
    {
        null => null,
        var text when WrittenTime.TryParse(text, out var time) =>
            new DateTime(WholeMicroseconds(time.UtcTicks, inclusive), DateTimeKind.Utc),
        _ => throw ProblemException.Wrong(name, "must be a date, or a time with an offset or Z, such as 2026-01-31T10:00:00Z (a + is written %2B)"),
    };

    /// <summary>A day, if given.</summary>
    public DateOnly? Day(string name) => Text(name) switch
    {
        null => null,
        var text when DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) => day,
        _ => throw ProblemException.Wrong(name, "must be a day, such as 2026-01-31"),
    };

    static long WholeMicroseconds(long ticks, bool cut) =>
        Math.Min((ticks + (cut ? 0 : TimeSpan.TicksPerMicrosecond - 1)) / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, DateTime.MaxValue.Ticks);
}
