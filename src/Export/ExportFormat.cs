using System.Text.Json;
using OrderMonolith.Views;

namespace OrderMonolith.Export;

/// <summary>
/// The first line of an export of events: what the file is going to hold. A line for each stream by id, then one for each event by sequence, and an <see cref="ExportEnd"/> follow it;
/// a line of a stream or an event has a member for each column that is not NULL, see <see cref="StoredTable"/>.
/// </summary>
/// <param name="Export">What is in it: <see cref="Events"/>. It begins the file, by which an export is known.</param>
/// <param name="Format">How it is written: <see cref="Newest"/>.</param>
/// <param name="Epoch">Which store it is of.</param>
/// <param name="Position">Events are in it up to this sequence, and none is ever going to be stored there that is not.</param>
/// <param name="After">Events are in it from behind this sequence on; 0 for all.</param>
/// <param name="EventCount">How many events it holds.</param>
/// <param name="Archived">How many of them are archived.</param>
/// <param name="Skipped">How many of them the event store itself leaves out of every view.</param>
/// <param name="Order">The order that it is limited to, if it is.</param>
public sealed record ExportHeader(string Export, int Format, Guid Epoch, long Position, long After, long EventCount, long Archived, long Skipped, Guid? Order = null)
{
    /// <summary>Those of its events that somebody had one view go on without, by their ids; absent where there are none.</summary>
    public IReadOnlyList<SkippedEvent>? LeftOut { get; init; }

    /// <summary>What an export of events says that it is.</summary>
    public const string Events = "order-monolith/events";

    /// <summary>The way of writing that this version of the service knows.</summary>
    public const int Newest = 1;

    /// <summary>How every export of events begins, whatever its format.</summary>
    public static ReadOnlySpan<byte> Start => """{"export":"order-monolith/events","format":"""u8;
}

/// <summary>The last line of an export of events: without it the file is not whole.</summary>
/// <param name="Streams">How many lines of streams there are.</param>
/// <param name="Events">How many lines of events there are.</param>
/// <param name="Sha256">The hash of all bytes before this line, in lower-case hexadecimal digits.</param>
public sealed record ExportEnd(long Streams, long Events, string Sha256);

/// <summary>What may stand between the first line and the last.</summary>
public static class ExportLine
{
    /// <summary>A record as a line.</summary>
    public static byte[] Of<T>(T record) => [.. JsonSerializer.SerializeToUtf8Bytes(record, Json.Stored), (byte)'\n'];

    /// <summary>Whether it is the line of an event.</summary>
    public static bool IsEvent(JsonElement line) => line.TryGetProperty("sequence", out _);

    /// <summary>Whether it is the last line.</summary>
    public static bool IsEnd(JsonElement line) => line.TryGetProperty("sha256", out _);
}
