using System.Diagnostics;
using System.Text.Json;

namespace OrderMonolith.Operations;

/// <summary>What a command finds, and what that came to: lines for people, or one JSON document, <c>found</c> and then the members of the summary.</summary>
/// <remarks>Everything is written to standard output as soon as it is found, so that any number of things fits.</remarks>
public sealed class Report : IDisposable
{
    readonly Stopwatch clock = Stopwatch.StartNew();
    readonly Utf8JsonWriter? json;

    /// <summary>Counts the time from here on.</summary>
    public Report(bool asJson) => json = asJson ? new(Console.OpenStandardOutput(), new() { Indented = true, Encoder = Json.Stored.Encoder }) : null;

    /// <inheritdoc />
    public void Dispose() => json?.Dispose();

    /// <summary>One more thing was found.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="line">How people are told of it.</param>
    public void Add<T>(T found, Func<T, string> line)
    {
        if (json is null)
        {
            Terminal.Say(line(found));
            return;
        }

        Begin(json);
        JsonSerializer.Serialize(json, found, Json.Stored);
        json.Flush();
    }

    /// <summary>All was found.</summary>
    /// <param name="summary">What it came to.</param>
    /// <param name="lines">How people are told of it and of the seconds that it took.</param>
    public void Finish<T>(T summary, Func<T, double, IEnumerable<string>> lines)
    {
        var seconds = clock.Elapsed.TotalSeconds;
        if (json is null)
        {
            foreach (var line in lines(summary, seconds)) Terminal.Say(line);
            return;
        }

        Begin(json);
        json.WriteEndArray();
        foreach (var member in JsonSerializer.SerializeToElement(summary, Json.Stored).EnumerateObject()) member.WriteTo(json);
        json.WriteNumber("seconds", Math.Round(seconds, 3));
        json.WriteEndObject();
        json.Flush();
        Console.Out.WriteLine();
    }

    /// <summary>Not before there is something to say: a command that fails at once prints nothing.</summary>
    static void Begin(Utf8JsonWriter json)
    {
        if (json.CurrentDepth > 0) return;
        json.WriteStartObject();
        json.WriteStartArray("found");
    }
}
