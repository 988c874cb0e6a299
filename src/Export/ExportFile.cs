using System.Buffers;
using OrderMonolith.Operations;

namespace OrderMonolith.Export;

/// <summary>
/// The file that an export makes: text in lines, plain or compressed where its name ends in <c>.gz</c>. It is written under another name, <c>FILE.part</c>, and put in place once it is
/// whole and on disk; one that was cut short can be read again up to its last whole line, and written on from there. <c>-</c> is standard output.
/// </summary>
public sealed class ExportFile : IAsyncDisposable
{
    /// <summary>The file's name that means standard output.</summary>
    public const string StandardOutput = "-";

    const int BlockSize = 1 << 20;

    readonly string path;
    readonly Stream target;
    readonly ArrayBufferWriter<byte> block = new(BlockSize + (BlockSize >> 2));

    ExportFile(string path, Stream target) => (this.path, this.target) = (path, target);

    /// <summary>Whether anything was there already.</summary>
    public bool IsBegun => !IsStandardOutput && target.Length > 0;

    /// <summary>Its name while it is not whole; empty for standard output.</summary>
    public static string Unfinished(string path) => path == StandardOutput ? "" : path + ".part";

    bool IsStandardOutput => path == StandardOutput;

    bool IsCompressed => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens it for writing.</summary>
    /// <exception cref="BadInputException">It is there already, whole; or it cannot be written, or another export writes it.</exception>
    public static ExportFile Open(string path)
    {
        if (path == StandardOutput) return new(path, Console.OpenStandardOutput());
        if (path.Length == 0 || Path.Exists(path)) throw new BadInputException(path.Length == 0 ? "Say where to write: a file, or - for standard output." : $"{path} is there already. Remove it or name another file.");
        try
        {
            return new(path, new FileStream(Unfinished(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be written: {e.Message}");
        }
    }

    /// <summary>Reads again what was written before, and drops what comes after the last whole line; it is written on from there.</summary>
    /// <param name="take">Is given each line, its end included.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task Resume(Action<ReadOnlyMemory<byte>> take, CancellationToken cancellation)
    {
        if (!IsBegun) return;
        var whole = 0L;
        if (IsCompressed)
        {
            for (; await GzipMember.Next(target, cancellation) is { } text; whole = target.Position)
                await foreach (var line in TextLines.Of(new MemoryStream(text), cancellation)) take(line);
        }
        else
        {
            await foreach (var line in TextLines.Of(target, cancellation))
            {
                if (line.Span[^1] != (byte)'\n') break;
                take(line);
                whole += line.Length;
            }
        }

        target.SetLength(whole);
        target.Position = whole;
    }

    /// <summary>Whether what was written before begins so.</summary>
    public async Task<bool> Begins(byte[] start, CancellationToken cancellation)
    {
        if (!IsBegun) return false;
        var first = new byte[start.Length];
        var content = IsCompressed ? new MemoryStream(await GzipMember.Next(target, cancellation) ?? []) : target;
        await content.ReadAtLeastAsync(first, first.Length, throwOnEndOfStream: false, cancellation);
        target.Position = 0;
        return first.SequenceEqual(start);
    }

    /// <summary>Drops all that was written before.</summary>
    public void Restart()
    {
        if (IsBegun) target.SetLength(0);
    }

    /// <summary>Writes a line, its end included.</summary>
    /// <exception cref="SetupException">There is no room left, or nobody reads any longer.</exception>
    public void Write(ReadOnlySpan<byte> line)
    {
        block.Write(line);
        if (block.WrittenCount >= BlockSize) WriteBlock();
    }

    /// <summary>All was written: the file gets its name.</summary>
    /// <exception cref="SetupException">There is no room left, or nobody reads any longer.</exception>
    public void Finish()
    {
        if (block.WrittenCount > 0) WriteBlock();
        Try(() =>
        {
            if (target is not FileStream file)
            {
                target.Flush();
                return;
            }

            file.Flush(flushToDisk: true);
            file.Dispose();
            File.Move(Unfinished(path), path, overwrite: false);
        });
    }

    /// <summary>Leaves what is on disk for another time, unless it is nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        var isEmpty = target is FileStream { CanSeek: true, Length: 0 };
        await target.DisposeAsync();
        if (isEmpty) File.Delete(Unfinished(path));
    }

    void WriteBlock()
    {
        Try(() => target.Write(IsCompressed ? GzipMember.Of(block.WrittenSpan) : block.WrittenSpan));
        block.ResetWrittenCount();
    }

    void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw new SetupException($"{(IsStandardOutput ? "Standard output" : path)} cannot be written: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
