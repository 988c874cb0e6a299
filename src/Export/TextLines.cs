using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace OrderMonolith.Export;

/// <summary>Cuts a stream of any length into lines of bytes.</summary>
public static class TextLines
{
    /// <summary>The lines, each with its end; what follows the last end comes last, as it is. A line is to be used before the next one is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> Of(Stream content, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pipe = PipeReader.Create(content, new(bufferSize: 1 << 16, minimumReadSize: 1 << 12, leaveOpen: true));
        try
        {
            for (var ended = false; !ended;)
            {
                var read = await pipe.ReadAsync(cancellation);
                var (rest, seen) = (read.Buffer, read.Buffer.End);
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    var line = rest.Slice(0, rest.GetPosition(1, end));
                    yield return line.IsSingleSegment ? line.First : line.ToArray();
                    rest = rest.Slice(line.End);
                }

                ended = read.IsCompleted;
                if (ended && !rest.IsEmpty) yield return rest.ToArray();
                pipe.AdvanceTo(ended ? seen : rest.Start, seen);
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }
}
