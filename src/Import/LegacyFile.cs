using System.IO.Compression;
using System.Text.Unicode;
using CsvHelper;
using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>The legacy shop's export, read row by row: CSV as of RFC 4180 in UTF-8, plain or compressed.</summary>
public sealed class LegacyFile : IDisposable
{
    const int LargestRow = 1 << 20;

    readonly FileStream file;
    readonly IEnumerator<(byte[] Text, string[]? Fields)> records;

    LegacyFile(FileStream file)
    {
        this.file = file;
        records = Records(options => CsvReader.Create(Content(file), options)).GetEnumerator();
    }

    /// <summary>Size of the file in bytes, compressed as it is; 0 where it is no ordinary file.</summary>
    public long Length => file.CanSeek ? file.Length : 0;

    /// <summary>How many of the bytes have been read.</summary>
    public long Position => file.CanSeek ? file.Position : 0;

    /// <summary>Opens an export and reads its header.</summary>
    /// <exception cref="BadInputException">There is no such file, it cannot be read, or it has another layout.</exception>
    public static LegacyFile Open(string path)
    {
        var opened = Readable(path, () => new LegacyFile(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan)));
        try
        {
            return Readable(path, opened.records.MoveNext) && opened.records.Current.Fields?.SequenceEqual(LegacyRow.Columns) is true
                ? opened
                : throw new BadInputException($"{path} does not start with the header {string.Join(',', LegacyRow.Columns)}.");
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The data rows, in order.</summary>
    /// <exception cref="BadInputException">The file ends in the middle, or is no CSV.</exception>
    public IEnumerable<RawRow> Rows()
    {
        for (var number = 1L; Readable(file.Name, records.MoveNext); number++)
            yield return new(number, records.Current.Text, records.Current.Fields);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        records.Dispose();
        file.Dispose();
    }

    /// <summary>Each record as it stands and its fields, null where it is malformed. A quote that is not closed spoils its own line only, not all up to the next quote.</summary>
    static IEnumerable<(byte[] Text, string[]? Fields)> Records(Func<CsvReaderOptions, CsvReader> open)
    {
        var malformed = false;
        using var csv = open(new() { Separator = ',', HasHeader = false, SkipEmptyLines = true, MaxRecordSize = LargestRow, OnMalformedRecord = _ => malformed = true });
        while (csv.Read())
        {
            var text = csv.RawRecord.ToArray();
            if (!malformed)
            {
                yield return (text, Utf8.IsValid(text) ? csv.Current.ToArray() : null);
                continue;
            }

            malformed = false;
            var line = text.AsSpan().IndexOf((byte)'\n') is >= 0 and var end ? end : text.Length;
            yield return (text[..line].AsSpan().TrimEnd((byte)'\r').ToArray(), null);
            if (line == text.Length) continue;
            foreach (var record in Records(options => CsvReader.Create(text.AsMemory(line + 1), options))) yield return record;
        }
    }

    static Stream Content(FileStream file)
    {
        Span<byte> start = stackalloc byte[2];
        var named = file.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var compressed = file.CanSeek ? file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1f, 0x8b] : named;
        if (file.CanSeek) file.Position = 0;
        if (compressed) return new GZipStream(file, CompressionMode.Decompress);
        return named ? throw new InvalidDataException("It is not compressed with gzip.") : file;
    }

    static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or CsvFormatException)
        {
            throw new BadInputException($"{path} cannot be read: {e.Message}");
        }
    }
}
