using System.Security.Cryptography;
using System.Text.Json;
using OrderMonolith.Operations;

namespace OrderMonolith.Export;

/// <summary>How far an export of events has come, line by line, as it is written or read again: the hash so far, the counts, and where it goes on.</summary>
/// <param name="file">The file's name, for messages.</param>
public sealed class ExportWalk(string file) : IDisposable
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long lines;

    /// <summary>The first line, once it was there.</summary>
    public ExportHeader? Header { get; private set; }

    /// <summary>The last line, once it was there.</summary>
    public ExportEnd? End { get; private set; }

    /// <summary>Lines of streams so far.</summary>
    public long Streams { get; private set; }

    /// <summary>Lines of events so far.</summary>
    public long Events { get; private set; }

    /// <summary>The stream of the last such line.</summary>
    public Guid LastStream { get; private set; }

    /// <summary>The sequence of the last event.</summary>
    public long LastSequence { get; private set; }

    /// <summary>The last line as it has to be here.</summary>
    public ExportEnd EndHere => new(Streams, Events, Convert.ToHexStringLower(hash.GetCurrentHash()));

    /// <summary>The first line is written.</summary>
    public void Begin(ExportHeader header, ReadOnlySpan<byte> line)
    {
        Header = header;
        Append(line);
    }

    /// <summary>A stream's line is written.</summary>
    public void Stream(Guid id, ReadOnlySpan<byte> line)
    {
        (LastStream, Streams) = (id, Streams + 1);
        Append(line);
    }

    /// <summary>An event's line is written.</summary>
    public void Event(long sequence, ReadOnlySpan<byte> line)
    {
        (LastSequence, Events) = (sequence, Events + 1);
        Append(line);
    }

    /// <summary>Reads a line again, its end included.</summary>
    /// <param name="line">The line.</param>
    /// <param name="take">Is given what is the line of a stream or an event, and the table that it belongs to.</param>
    /// <exception cref="BadInputException">It is none that an export would have written here.</exception>
    public void Read(ReadOnlyMemory<byte> line, Action<StoredTable, JsonElement>? take = null)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (!TryTake(json.RootElement, line.Span, take)) throw Strange(null);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw Strange(e);
        }
    }

    /// <inheritdoc />
    public void Dispose() => hash.Dispose();

    bool TryTake(JsonElement json, ReadOnlySpan<byte> line, Action<StoredTable, JsonElement>? take)
    {
        if (End is not null) return false;
        if (Header is null)
        {
            Begin(KnownHeader(json), line);
        }
        else if (ExportLine.IsEnd(json))
        {
            End = json.Deserialize<ExportEnd>(Json.Stored)!;
            if (End != EndHere || Events != Header.EventCount)
                throw new BadInputException($"{file} was changed after it was exported, or damaged: its lines are not those that its last line counts and hashes.");
        }
        else if (ExportLine.IsEvent(json))
        {
            if (json.GetProperty("sequence").GetInt64() is var sequence && sequence <= LastSequence) return false;
            Event(sequence, line);
            take?.Invoke(StoredTable.Events, json);
        }
        else
        {
            if (json.GetProperty("stream").GetGuid() is var id && (Events > 0 || (Streams > 0 && id <= LastStream))) return false;
            Stream(id, line);
            take?.Invoke(StoredTable.Streams, json);
        }

        return true;
    }

    ExportHeader KnownHeader(JsonElement json) => json.GetProperty("export").GetString() is not ExportHeader.Events ? throw new FormatException()
        : json.GetProperty("format").GetInt32() is not ExportHeader.Newest and var format
            ? throw new BadInputException($"{file} is an export in format {format}, and this version of the service knows format {ExportHeader.Newest}: import it with the version that wrote it, or a newer one.")
        : json.Deserialize<ExportHeader>(Json.Stored)!;

    void Append(ReadOnlySpan<byte> line)
    {
        lines++;
        hash.AppendData(line);
    }

    BadInputException Strange(Exception? cause) =>
        new($"{file} was changed after it was exported, or is no export: line {lines + 1} is none that an export has there{(cause is null ? "" : $" ({cause.Message.TrimEnd('.')})")}.");
}
