using System.Diagnostics.CodeAnalysis;

namespace OrderMonolith.Import;

/// <summary>
/// The invoices that may get more rows: each stays open for 10,000 rows after its last one, so that memory does not grow with the file. Where so many
/// and so long ones lie between each other that even these are too much to hold, those that waited longest are closed earlier.
/// </summary>
public sealed class OpenInvoices
{
    /// <summary>How many rows after its last one an invoice stays open.</summary>
    public const int Patience = 10_000;

    const int MostBytes = 16 << 20;

    readonly Dictionary<string, LinkedListNode<Invoice>> byNumber = new(StringComparer.Ordinal);
    readonly LinkedList<Invoice> byLastRow = new();
    long bytes;

    /// <summary>Adds a row to its invoice; false where that has its most already.</summary>
    public bool TryAdd(LegacyRow row)
    {
        if (byNumber.TryGetValue(row.InvoiceNo, out var node))
            byLastRow.Remove(node);
        else
            byNumber.Add(row.InvoiceNo, node = new(new(row.InvoiceNo)));

        byLastRow.AddLast(node);
        if (!node.Value.TryAdd(row)) return false;
        bytes += row.Text.Length;
        return true;
    }

    /// <summary>Takes out an invoice that a row with this number comes too late for.</summary>
    public bool TryClose(long row, [NotNullWhen(true)] out Invoice? invoice)
    {
        invoice = byLastRow.First?.Value;
        if (invoice is null || (invoice.LastRow + Patience >= row && bytes <= MostBytes)) return false;

        byLastRow.RemoveFirst();
        byNumber.Remove(invoice.Number);
        bytes -= invoice.Size;
        return true;
    }
}
