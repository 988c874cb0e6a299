using System.Globalization;
using System.Text;
using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>The file that tells which rows were refused: the row's number, the code, then the row as it was. It is there whole or not at all.</summary>
public static class RefusedFile
{
    /// <summary>Makes sure that the file can be written, before any work is done.</summary>
    /// <exception cref="BadInputException">It cannot.</exception>
    public static void MustBeWritable(string path)
    {
        if (Directory.Exists(path)) throw new BadInputException($"{path} is a folder; --refused names a file.");
        try
        {
            using var trial = new FileStream(Beside(path), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"The refused rows cannot be written to {path}: {e.Message} Choose another place with --refused.");
        }
    }

    /// <summary>Writes the rows beside the path and puts the file in place once it is complete and on disk.</summary>
    public static async Task Write(string path, IAsyncEnumerable<Refusal> rows)
    {
        var unfinished = Beside(path);
        try
        {
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes($"Row,Code,{string.Join(',', LegacyRow.Columns)}\n"));
                await foreach (var row in rows)
                {
                    await file.WriteAsync(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{row.Row},{row.Code},")));
                    await file.WriteAsync(row.Text);
                    file.WriteByte((byte)'\n');
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    static string Beside(string path) => $"{path}.{Guid.NewGuid():N}.part";
}
