using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace OrderMonolith.Storage;

/// <summary>How far the store's history had come when something was answered: who sends it back reads nothing older. Opaque to callers.</summary>
/// <param name="Epoch">The history that is meant; a restored database begins another one.</param>
/// <param name="Position">Sequence of the last event that counts.</param>
public readonly record struct ConsistencyToken(Guid Epoch, long Position)
{
    const int Length = 24;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ConsistencyToken token)
    {
        Span<byte> bytes = stackalloc byte[Length + 1];
        var read = text is { Length: 32 } && Base64Url.TryDecodeFromChars(text, bytes, out var count) && count == Length;
        token = read ? new(new(bytes[..16]), BinaryPrimitives.ReadInt64BigEndian(bytes[16..])) : default;
        return read && token.Position >= 0;
    }

    /// <inheritdoc />
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Epoch.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], Position);
        return Base64Url.EncodeToString(bytes);
    }
}
