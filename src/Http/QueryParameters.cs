using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace OrderMonolith.Http;

/// <summary>The query string of a request, read strictly: unknown, repeated, empty and unreadable parameters are refused by name.</summary>
public sealed class QueryParameters
{
    readonly IQueryCollection query;

    QueryParameters(IQueryCollection query) => this.query = query;

    /// <summary>The parameters of a request that may have the <paramref name="known"/> ones.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static QueryParameters Of(HttpContext http, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Contains(name)) throw Wrong(name, "is not a parameter");
            if (values.Count != 1) throw Wrong(name, "is given more than once");
            if (StringValues.IsNullOrEmpty(values)) throw Wrong(name, "is empty");
        }

        return new(http.Request.Query);
    }

    /// <summary>A text, if given.</summary>
    public string? Text(string name) => query.TryGetValue(name, out var values) ? values[0] : null;

    /// <summary>A whole number within bounds, if given.</summary>
    public int? Number(string name, int least, int most) => Text(name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most => number,
        _ => throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}")),
    };

    /// <summary>The problem that a parameter makes.</summary>
    public static ProblemException Wrong(string name, string fault) =>
        new("validation-failed", $"{name} {fault}.", new Dictionary<string, string[]> { [name] = [fault] });
}
