using System.IO.Compression;
using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>The legacy shop's export, read row by row: CSV, plain or compressed.</summary>
public sealed class LegacyFile : IDisposable
{
    readonly FileStream file;
    readonly IEnumerator<CsvRecord> records;

    LegacyFile(FileStream file)
    {
        this.file = file;
        records = new CsvRecords(Content(file)).Read().GetEnumerator();
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
    /// <exception cref="BadInputException">The file ends in the middle.</exception>
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            throw new BadInputException($"{path} cannot be read: {e.Message}");
        }
    }
}
