using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace OrderMonolith.Storage;

/// <summary>A place in the store's history: that of an event.</summary>
/// <param name="Sequence">Where it stands; 0 before the first event.</param>
/// <param name="EventId">Which event stands there. After a restore it may be another one.</param>
public readonly record struct EventPlace(long Sequence, Guid EventId);

/// <summary>How far the store's history had come when something was answered: who sends it back reads nothing older. Opaque to callers.</summary>
/// <param name="Epoch">The history that is meant; a restored database begins another one.</param>
/// <param name="Position">Sequence of the last event that counts.</param>
/// <param name="Mark">Part of that event's id: a database that was restored beneath a running server has another event there, or none.</param>
public readonly record struct ConsistencyToken(Guid Epoch, long Position, ulong Mark)
{
    const int Length = 32;
    const int Characters = 43;

    /// <summary>Names a place.</summary>
    public ConsistencyToken(Guid epoch, EventPlace place) : this(epoch, place.Sequence, MarkOf(place.EventId)) { }

    /// <summary>What is kept of an event's id.</summary>
    public static ulong MarkOf(Guid eventId)
    {
        Span<byte> bytes = stackalloc byte[16];
        eventId.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ConsistencyToken token)
    {
        Span<byte> bytes = stackalloc byte[Length + 1];
        var read = text is { Length: Characters } && Base64Url.DecodeFromChars(text, bytes, out _, out var count) is OperationStatus.Done && count == Length;
        token = read ? new(new(bytes[..16]), BinaryPrimitives.ReadInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..])) : default;
        return read && token.Position >= 0;
    }

    /// <inheritdoc />
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Epoch.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], Position);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], Mark);
        return Base64Url.EncodeToString(bytes);
    }
}
