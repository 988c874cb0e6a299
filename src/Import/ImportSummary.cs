namespace OrderMonolith.Import;

/// <summary>What an import came to. Accepted and refused rows together are the rows read.</summary>
public sealed class ImportSummary
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Data rows read.</summary>
    public long Rows { get; set; }

    /// <summary>Rows that are in the store, those that were there before included.</summary>
    public long Accepted { get; set; }

    /// <summary>Rows that were there before.</summary>
    public long AlreadyThere { get; set; }

    /// <summary>Rows that were not taken.</summary>
    public long Refused => RefusedBy.Values.Sum();

    /// <summary>Rows that were not taken, by code.</summary>
    public SortedDictionary<string, long> RefusedBy { get; } = new(StringComparer.Ordinal);

    /// <summary>Where the refused rows are.</summary>
    public required string RefusedFile { get; init; }

    /// <summary>Orders of the file that are in the store.</summary>
    public long Orders => OrdersCreated + OrdersAlreadyThere;

    /// <summary>Orders created now.</summary>
    public long OrdersCreated { get; set; }

    /// <summary>Orders that were there before.</summary>
    public long OrdersAlreadyThere { get; set; }

    /// <summary>Credit notes that cancelled an order, now or before.</summary>
    public long OrdersCancelled => CreditNotesApplied + CreditNotesAlreadyThere;

    /// <summary>Credit notes that cancelled an order now.</summary>
    public long CreditNotesApplied { get; set; }

    /// <summary>Credit notes that had been applied before.</summary>
    public long CreditNotesAlreadyThere { get; set; }

    /// <summary>Credit notes that do not return all of an order.</summary>
    public long CreditNotesRefused { get; set; }

    /// <summary>Events appended now.</summary>
    public long EventsAppended { get; set; }

    /// <summary>How long it took, in seconds.</summary>
    public double Seconds { get; set; }

    /// <summary>Rows read in a second.</summary>
    public double RowsPerSecond => Seconds > 0 ? Math.Round(Rows / Seconds) : 0;

    /// <summary>Counts a row that was not taken.</summary>
    public void Count(Refusal refusal) => RefusedBy[refusal.Code] = RefusedBy.GetValueOrDefault(refusal.Code) + 1;
}
