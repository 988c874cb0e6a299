using System.Globalization;

namespace OrderMonolith.Import;

/// <summary>A row of the legacy shop's export as it stands in the file.</summary>
/// <param name="Number">Which data row it is, from 1.</param>
/// <param name="Text">Its bytes, without the line's end.</param>
/// <param name="Fields">Its fields; null where the text is not well-formed.</param>
public sealed record RawRow(long Number, byte[] Text, string[]? Fields);

/// <summary>A row that could be read. Whether its values are allowed is not said yet.</summary>
/// <param name="Number">Which data row it is, from 1.</param>
/// <param name="Text">The row as it stands in the file.</param>
/// <param name="InvoiceNo">The invoice or credit note that it belongs to.</param>
/// <param name="StockCode">The product, without white space around it.</param>
/// <param name="Description">What the product is called, if the row says so.</param>
/// <param name="Quantity">Units; negative on a credit note.</param>
/// <param name="At">When, in whole microseconds.</param>
/// <param name="UnitPrice">Price of one unit in pounds.</param>
/// <param name="CustomerId">The customer, <c>guest</c> where the row names none.</param>
public sealed record LegacyRow(
    long Number, byte[] Text, string InvoiceNo, string StockCode, string? Description, decimal Quantity, DateTimeOffset At, decimal UnitPrice, string CustomerId)
{
    /// <summary>The customer of rows that name none.</summary>
    public const string Guest = "guest";

    /// <summary>The columns, in their order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

    static readonly string[] TimeForms =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "M/d/yyyy H:mm", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd",
    ];

    /// <summary>Reads a row; null where it cannot be read.</summary>
    public static LegacyRow? Read(RawRow raw) =>
        raw.Fields is [var invoice, var stockCode, var description, var quantity, var time, var price, var customer, _]
            && Exact(quantity, out var units) && Time(time, out var at) && Exact(price, out var unitPrice)
            ? new(raw.Number, raw.Text, invoice, stockCode.Trim(), description.Length > 0 ? description : null, units, at, unitPrice, customer.Length > 0 ? customer : Guest)
            : null;

    /// <summary>A number, exactly as written: one with more digits than a decimal keeps would be rounded, so it is not read.</summary>
    static bool Exact(string text, out decimal number)
    {
        number = 0;
        return text.Length <= 28 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    static bool Time(string text, out DateTimeOffset time)
    {
        var read = DateTimeOffset.TryParseExact(text, TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
        time = time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
        return read && time > DateTimeOffset.MinValue;
    }
}
