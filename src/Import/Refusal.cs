using System.Text;

namespace OrderMonolith.Import;

/// <summary>A row that was not taken.</summary>
/// <param name="Row">Which data row it is, from 1.</param>
/// <param name="Code">Why, one of the names below.</param>
/// <param name="Text">The row as it stands in the file.</param>
public sealed record Refusal(long Row, string Code, byte[] Text)
{
    /// <summary>The row cannot be read.</summary>
    public const string MalformedRow = "malformed-row";

    /// <summary>A value of the row, or what the order would become with it, is not allowed.</summary>
    public const string ValidationFailed = "validation-failed";

    /// <summary>The invoice's number starts with neither a digit nor <c>C</c>.</summary>
    public const string UnknownInvoiceKind = "unknown-invoice-kind";

    /// <summary>The row comes too long after the others of its invoice.</summary>
    public const string InvoiceClosed = "invoice-closed";

    /// <summary>The credit note does not return all of an order.</summary>
    public const string PartialReturn = "partial-return";

    /// <summary>An order that is not this invoice's has the invoice's order id.</summary>
    public const string IdTaken = "order-already-exists";

    /// <summary>Refuses a row that cannot be read; text that is not CSV becomes one field, so that the list of refused rows stays CSV.</summary>
    public static Refusal Malformed(RawRow raw) =>
        new(raw.Number, MalformedRow, raw.Fields is null ? Quoted(raw.Text) : raw.Text);

    /// <summary>As one quoted field. Latin-1 is any bytes as text.</summary>
    static byte[] Quoted(byte[] text) => Encoding.Latin1.GetBytes($"\"{Encoding.Latin1.GetString(text).Replace("\"", "\"\"", StringComparison.Ordinal)}\"");

    /// <summary>Refuses a row.</summary>
    public static Refusal Of(LegacyRow row, string code) => new(row.Number, code, row.Text);
}
