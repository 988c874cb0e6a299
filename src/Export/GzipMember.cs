using System.Buffers.Binary;
using System.IO.Compression;

namespace OrderMonolith.Export;

/// <summary>
/// Compressed text in pieces that are whole by themselves: gzip members (RFC 1952) of which each tells its own length in its header, so that a file that was cut short
/// is found to be whole up to the last of them. Whatever reads gzip reads them as one text.
/// </summary>
public static class GzipMember
{
    const int PlainHeader = 10;
    const int Flags = 3;
    const byte HasExtraField = 4;

    /// <summary>The length of the extra field, its id, the length of what it says, and that: the length of the member.</summary>
    static ReadOnlySpan<byte> ExtraField => [8, 0, (byte)'O', (byte)'M', 4, 0, 0, 0, 0, 0];

    const int LengthAt = PlainHeader + 6;
    const int Header = PlainHeader + 10;

    /// <summary>Compresses a piece.</summary>
    public static byte[] Of(ReadOnlySpan<byte> text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(text);
        byte[] member = [.. packed.GetBuffer().AsSpan(0, PlainHeader), .. ExtraField, .. packed.GetBuffer().AsSpan(PlainHeader, (int)packed.Length - PlainHeader)];
        member[Flags] |= HasExtraField;
        BinaryPrimitives.WriteInt32LittleEndian(member.AsSpan(LengthAt), member.Length);
        return member;
    }

    /// <summary>Reads the next piece; null where there is no whole one.</summary>
    public static async Task<byte[]?> Next(Stream file, CancellationToken cancellation)
    {
        var header = new byte[Header];
        if (await file.ReadAtLeastAsync(header, Header, throwOnEndOfStream: false, cancellation) < Header) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(LengthAt));
        if (!header.AsSpan(PlainHeader, 6).SequenceEqual(ExtraField[..6]) || length < Header || length > file.Length - file.Position + Header) return null;

        byte[] member = [.. header, .. new byte[length - Header]];
        await file.ReadExactlyAsync(member.AsMemory(Header), cancellation);
        try
        {
            using var text = new MemoryStream();
            await using var gzip = new GZipStream(new MemoryStream(member), CompressionMode.Decompress);
            await gzip.CopyToAsync(text, cancellation);
            return text.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
