using System.IO.Compression;
using OrderMonolith.Operations;

namespace OrderMonolith.Import;

/// <summary>A file that is imported, plain or compressed, read from its beginning to its end.</summary>
public sealed class InputFile : IDisposable
{
    readonly FileStream file;

    InputFile(FileStream file) => (this.file, Content) = (file, ContentOf(file));

    /// <summary>Its name.</summary>
    public string Name => file.Name;

    /// <summary>What is in it, uncompressed.</summary>
    public Stream Content { get; }

    /// <summary>Its size in bytes, compressed as it is; 0 where it is no ordinary file.</summary>
    public long Length => file.CanSeek ? file.Length : 0;

    /// <summary>How many of the bytes have been read.</summary>
    public long Position => file.CanSeek ? file.Position : 0;

    /// <summary>Opens it. Nobody changes it meanwhile.</summary>
    /// <exception cref="BadInputException">There is no such file, or it cannot be read.</exception>
    public static InputFile Open(string path) =>
        Readable(path, () => new InputFile(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan)));

    /// <summary>Reads something of it.</summary>
    /// <exception cref="BadInputException">It cannot be read, or is damaged.</exception>
    public static T Readable<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Whether a failure is the file's.</summary>
    public static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException;

    /// <summary>Says so.</summary>
    public static BadInputException Unreadable(string path, Exception e) => new($"{path} cannot be read: {e.Message}");

    /// <inheritdoc />
    public void Dispose()
    {
        Content.Dispose();
        file.Dispose();
    }

    static Stream ContentOf(FileStream file)
    {
        Span<byte> start = stackalloc byte[2];
        var named = file.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        var compressed = file.CanSeek ? file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1f, 0x8b] : named;
        if (file.CanSeek) file.Position = 0;
        if (compressed) return new GZipStream(file, CompressionMode.Decompress);
        return named ? throw new InvalidDataException("It is not compressed with gzip.") : file;
    }
}
