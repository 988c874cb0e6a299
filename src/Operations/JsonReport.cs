using System.Text.Json;

namespace OrderMonolith.Operations;

/// <summary>One JSON document on standard output, written as things are found, so that any number of them fits: <c>found</c>, then the members of a summary.</summary>
public sealed class JsonReport : IDisposable
{
    readonly Utf8JsonWriter json = new(Console.OpenStandardOutput(), new() { Indented = true, Encoder = Json.Stored.Encoder });

    /// <inheritdoc />
    public void Dispose() => json.Dispose();

    /// <summary>One more thing was found.</summary>
    public void Add<T>(T found)
    {
        Begin();
        JsonSerializer.Serialize(json, found, Json.Stored);
        json.Flush();
    }

    /// <summary>All was found.</summary>
    public void Finish<T>(T summary, double seconds)
    {
        Begin();
        json.WriteEndArray();
        foreach (var member in JsonSerializer.SerializeToElement(summary, Json.Stored).EnumerateObject()) member.WriteTo(json);
        json.WriteNumber("seconds", Math.Round(seconds, 3));
        json.WriteEndObject();
        json.Flush();
        Console.Out.WriteLine();
    }

    /// <summary>Not before there is something to say: a command that fails at once prints nothing.</summary>
    void Begin()
    {
        if (json.CurrentDepth > 0) return;
        json.WriteStartObject();
        json.WriteStartArray("found");
    }
}
