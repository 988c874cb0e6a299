using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>The legacy shop's export, read row by row: CSV, plain or compressed.</summary>
public sealed class LegacyFile : IDisposable
{
    readonly InputFile file;
    readonly IEnumerator<CsvRecord> records;

    LegacyFile(InputFile file)
    {
        this.file = file;
        records = new CsvRecords(file.Content).Read().GetEnumerator();
    }

    /// <summary>Size of the file in bytes, compressed as it is; 0 where it is no ordinary file.</summary>
    public long Length => file.Length;

    /// <summary>How many of the bytes have been read.</summary>
    public long Position => file.Position;

    /// <summary>Opens an export and reads its header.</summary>
    /// <exception cref="BadInputException">There is no such file, it cannot be read, or it has another layout.</exception>
    public static LegacyFile Open(string path)
    {
        var opened = new LegacyFile(InputFile.Open(path));
        try
        {
            return InputFile.Readable(path, opened.records.MoveNext) && opened.records.Current.Fields?.SequenceEqual(LegacyRow.Columns) is true
                ? opened
                : throw new BadInputException($"{path} does not start with the header {string.Join(',', LegacyRow.Columns)}, nor is it an export of events.");
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
        for (var number = 1L; InputFile.Readable(file.Name, records.MoveNext); number++)
            yield return new(number, records.Current.Text, records.Current.Fields);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        records.Dispose();
        file.Dispose();
    }
}
