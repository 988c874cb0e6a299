using System.Diagnostics.CodeAnalysis;

namespace OrderMonolith.Import;

/// <summary>The invoices that may get more rows: each stays open for 10,000 rows after its last one, so that memory does not grow with the file.</summary>
public sealed class OpenInvoices
{
    /// <summary>How many rows after its last one an invoice stays open.</summary>
    public const int Patience = 10_000;

    readonly Dictionary<string, LinkedListNode<Invoice>> byNumber = new(StringComparer.Ordinal);
    readonly LinkedList<Invoice> byLastRow = new();

    /// <summary>Adds a row to its invoice.</summary>
    public void Add(LegacyRow row)
    {
        if (byNumber.TryGetValue(row.InvoiceNo, out var node))
            byLastRow.Remove(node);
        else
            byNumber.Add(row.InvoiceNo, node = new(new(row.InvoiceNo)));

        node.Value.Rows.Add(row);
        byLastRow.AddLast(node);
    }

    /// <summary>Takes out an invoice that a row with this number comes too late for.</summary>
    public bool TryClose(long row, [NotNullWhen(true)] out Invoice? invoice)
    {
        invoice = byLastRow.First?.Value;
        if (invoice is null || invoice.Rows[^1].Number + Patience >= row) return false;

        byLastRow.RemoveFirst();
        byNumber.Remove(invoice.Number);
        return true;
    }
}
