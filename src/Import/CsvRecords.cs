using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace OrderMonolith.Import;

/// <summary>A record as it stands in the file.</summary>
/// <param name="Text">Its bytes without the line's end; of a line longer than <see cref="CsvRecords.LargestRecord"/> the first so many.</param>
/// <param name="Fields">Its fields; null where it is malformed.</param>
public readonly record struct CsvRecord(byte[] Text, string[]? Fields);

/// <summary>
/// Cuts CSV as of RFC 4180 in UTF-8 into records. What is malformed spoils its own line only: what a quote that is not closed would swallow is read again
/// from the next line on, which a reader that only goes forward cannot. Holds no more than two records of the largest size.
/// </summary>
public sealed class CsvRecords(Stream content)
{
    /// <summary>Bytes that a record may have; a longer one is malformed.</summary>
    public const int LargestRecord = 1 << 16;

    // What is of the largest size is seen to end there by the line's end.
    const int MostLooked = LargestRecord + 2;
    const byte Quote = (byte)'"';

    static readonly SearchValues<byte> Ends = SearchValues.Create(",\"\r\n"u8);

    readonly byte[] buffer = new byte[2 * LargestRecord];
    readonly List<string> fields = [];
    int start;
    int end;
    bool ended;

    enum Found
    {
        Record,
        Malformed,
        Unfinished,
    }

    ReadOnlySpan<byte> Rest => buffer.AsSpan(start, end - start);

    /// <summary>The records, empty lines left out.</summary>
    public IEnumerable<CsvRecord> Read()
    {
        while (Rest.Length < Encoding.UTF8.Preamble.Length && !ended) Fill();
        if (Rest.StartsWith(Encoding.UTF8.Preamble)) start += Encoding.UTF8.Preamble.Length;
        while (end > start || !ended)
        {
            var (found, length) = Parse();
            if (found is Found.Unfinished && !ended && Rest.Length <= MostLooked) Fill();
            else if (found is Found.Record && length <= LargestRecord) yield return Record(Take(length));
            else if (Line() is { Length: > 0 } line) yield return new(line, null);
        }
    }

    CsvRecord Record(byte[] text) => new(text, Utf8.IsValid(text) ? [.. fields] : null);

    /// <summary>Reads the fields of the next record, and how long it is without the line's end.</summary>
    (Found Found, int Length) Parse()
    {
        fields.Clear();
        var rest = Rest;
        for (var at = 0; ; at++)
        {
            var quoted = at < rest.Length && rest[at] == Quote;
            var length = quoted ? QuotedLength(rest[at..]) : rest[at..].IndexOfAny(Ends);
            if (length < 0 && (quoted || !ended)) return (Found.Unfinished, 0);
            var field = length < 0 ? rest[at..] : rest.Slice(at, length);
            at += field.Length;
            var value = Encoding.UTF8.GetString(quoted ? field[1..^1] : field);
            fields.Add(quoted ? value.Replace("\"\"", "\"", StringComparison.Ordinal) : value);

            var then = rest[at..];
            if (then is [(byte)'\n', ..] or [(byte)'\r', (byte)'\n', ..] || (ended && then is [] or [(byte)'\r'])) return at > 0 ? (Found.Record, at) : (Found.Malformed, 0);
            if (then is [] or [(byte)'\r']) return (Found.Unfinished, 0);
            if (then[0] != ',') return (Found.Malformed, 0);
        }
    }

    /// <summary>How long a quoted field is, with its quotes; negative where it does not end here.</summary>
    static int QuotedLength(ReadOnlySpan<byte> field)
    {
        for (var at = 1; field[at..].IndexOf(Quote) is >= 0 and var next; at += next + 2)
        {
            if (at + next + 1 == field.Length || field[at + next + 1] != Quote) return at + next + 1;
        }

        return -1;
    }

    /// <summary>The next line whatever it is, passed over to its end.</summary>
    byte[] Line()
    {
        int length;
        while ((length = Rest.IndexOf((byte)'\n')) < 0 && !ended && Rest.Length <= MostLooked) Fill();
        if (length is >= 0 and <= LargestRecord) return Take(length);

        var line = Rest[..Math.Min(Rest.Length, LargestRecord)].ToArray();
        while ((length = Rest.IndexOf((byte)'\n')) < 0 && !ended)
        {
            start = end;
            Fill();
        }

        start = length < 0 ? end : start + length + 1;
        return line;
    }

    /// <summary>Takes what was found and passes over the line's end.</summary>
    byte[] Take(int length)
    {
        var text = Rest[..length].TrimEnd((byte)'\r').ToArray();
        start += length;
        if (Rest is [(byte)'\r', ..]) start++;
        if (Rest is [(byte)'\n', ..]) start++;
        return text;
    }

    void Fill()
    {
        Rest.CopyTo(buffer);
        (start, end) = (0, end - start);
        var read = content.Read(buffer, end, buffer.Length - end);
        (end, ended) = (end + read, read == 0);
    }
}
