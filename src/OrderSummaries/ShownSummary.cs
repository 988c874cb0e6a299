using System.Buffers;
using System.Text.Json;

namespace OrderMonolith.OrderSummaries;

/// <summary>A summary as callers see it: the stored bytes without the products.</summary>
public static class ShownSummary
{
    /// <summary>A stored summary without its products.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlySpan<byte> stored)
    {
        var shown = new ArrayBufferWriter<byte>(stored.Length);
        WriteTo(shown, stored);
        return shown.WrittenMemory;
    }

    /// <summary>Adds a stored summary to an answer, without its products.</summary>
    /// <remarks>PostgreSQL could leave them out as well (<c>data - 'products'</c>), but takes apart and rebuilds the document for it: on a page of 20 that costs more than finding it.</remarks>
    public static void WriteTo(IBufferWriter<byte> answer, ReadOnlySpan<byte> stored)
    {
        var reader = new Utf8JsonReader(stored);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var begin = (int)reader.TokenStartIndex;
            var hidden = reader.ValueTextEquals("products"u8);
            reader.Skip();
            if (!hidden) continue;

            // A member follows, because jsonb orders members by the length of their names first.
            reader.Read();
            answer.Write(stored[..begin]);
            answer.Write(stored[(int)reader.TokenStartIndex..]);
            return;
        }

        answer.Write(stored);
    }
}
