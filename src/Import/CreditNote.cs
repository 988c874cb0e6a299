using System.Globalization;
using System.Numerics;
using System.Text.Json.Serialization;
using OrderMonolith.Orders;

namespace OrderMonolith.Import;

/// <summary>A credit note of the legacy shop. It does not name the order that it returns.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Rows">Its rows, at least one; quantities are negative.</param>
public sealed record CreditNote(string Number, IReadOnlyList<LegacyRow> Rows)
{
    /// <summary>Where it begins in the file.</summary>
    [JsonIgnore]
    public long FirstRow => Rows[0].Number;

    /// <summary>Whose it is.</summary>
    [JsonIgnore]
    public string CustomerId => Rows[0].CustomerId;

    /// <summary>When it was written.</summary>
    [JsonIgnore]
    public DateTimeOffset At => Rows[^1].At;

    /// <summary>What it returns in all, as a positive amount.</summary>
    [JsonIgnore]
    public decimal Total => -Rows.Sum(row => row.Quantity * row.UnitPrice);

    /// <summary>How events name it as their cause.</summary>
    [JsonIgnore]
    public string Reference => $"{Invoice.ReferenceStart}{Number}";

    /// <summary>What it does to the order that it returns.</summary>
    public static CancelOrder Cancellation(string number) => new($"credit note {number}");

    /// <summary>Whether it has been applied to an order.</summary>
    public bool IsAppliedTo(Order order) => order.Status is OrderStatus.Cancelled && order.CancelReason == Cancellation(Number).Reason;

    /// <summary>Whether it returns an order: one of the customer's that was there, is not cancelled, and has exactly these lines.</summary>
    public bool Returns(Order order) => order.CustomerId == CustomerId && CustomerId != LegacyRow.Guest
        && order.Status is not OrderStatus.Cancelled && order.CreatedAt <= At && Lines.SetEquals(order.Lines.Select(line => (line.ProductId, line.UnitPrice, (decimal)line.Quantity)));

    HashSet<(string, decimal, decimal)> Lines =>
        [.. Rows.GroupBy(row => (row.StockCode, row.UnitPrice), (line, rows) => (line.StockCode, line.UnitPrice, -rows.Sum(row => row.Quantity)))];
}

/// <summary>The order of references to invoices: by number, as people count; what is no invoice comes first.</summary>
public sealed class InvoiceOrder : IComparer<string?>
{
    /// <inheritdoc />
    public int Compare(string? x, string? y) => Key(x).CompareTo(Key(y));

    static (BigInteger, string) Key(string? reference)
    {
        if (reference?.StartsWith(Invoice.ReferenceStart, StringComparison.Ordinal) is not true) return (BigInteger.MinusOne, "");
        var number = reference[Invoice.ReferenceStart.Length..];
        var digits = number.TakeWhile(char.IsAsciiDigit).Count();
        return (BigInteger.Parse($"0{number[..digits]}", CultureInfo.InvariantCulture), number[digits..]);
    }
}
