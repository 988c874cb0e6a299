using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using UUIDNext;

namespace OrderMonolith.Import;

/// <summary>What the number of an invoice says it is.</summary>
public enum InvoiceKind
{
    /// <summary>Starts with a digit.</summary>
    Order,

    /// <summary>Starts with <c>C</c>.</summary>
    CreditNote,

    /// <summary>Starts with anything else.</summary>
    Unknown,
}

/// <summary>An invoice or credit note as its rows come in.</summary>
/// <param name="number">Its number.</param>
public sealed class Invoice(string number)
{
    /// <summary>How many rows of it are kept: twice the lines that an order may hold, and as many events as one transaction should append.</summary>
    public const int MostRows = 2 * Bounds.MostLines;

    const string Currency = "GBP";

    static readonly Guid UrlNameSpace = new("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    /// <summary>Its number.</summary>
    public string Number => number;

    /// <summary>Its rows so far, in file order.</summary>
    public List<LegacyRow> Rows { get; } = [];

    /// <summary>Number of the last row that came for it, kept or not.</summary>
    public long LastRow { get; private set; }

    /// <summary>How long its rows are in the file, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Order or credit note.</summary>
    public InvoiceKind Kind => KindOf(number);

    /// <summary>How events name it as their cause.</summary>
    public string Reference => $"{ReferenceStart}{number}";

    /// <summary>What every reference starts with.</summary>
    public const string ReferenceStart = "online-retail/";

    /// <summary>The id of its order, the same in every import.</summary>
    public Guid OrderId => Uuid.NewNameBased(UrlNameSpace, Reference);

    /// <summary>The kind of an invoice with a number.</summary>
    public static InvoiceKind KindOf(string number) => number switch
    {
        [>= '0' and <= '9', ..] => InvoiceKind.Order,
        ['C', ..] => InvoiceKind.CreditNote,
        _ => InvoiceKind.Unknown,
    };

    /// <summary>Adds a row; false where it has its most already.</summary>
    public bool TryAdd(LegacyRow row)
    {
        LastRow = row.Number;
        if (Rows.Count >= MostRows) return false;
        Rows.Add(row);
        Size += row.Text.Length;
        return true;
    }

    /// <summary>Decides its rows as an order: created by the first that is allowed, confirmed after the last.</summary>
    public DecidedOrder AsOrder()
    {
        var becoming = new Order { Id = OrderId };
        var decided = new DecidedOrder();
        foreach (var row in Rows)
        {
            if (Command(row, becoming.Version > 0 ? becoming.CustomerId : null, row.Quantity) is { } command
                && command.Decide(becoming) is { Rejection: null } decision)
                Accept(row, decision);
            else
                decided.Refused.Add(Refusal.Of(row, Refusal.ValidationFailed));
        }

        if (decided.Accepted is not [.., var last]) return decided;
        decided.Facts.AddRange(new ConfirmOrder().Decide(becoming).Events.Select(fact => new PastFact(fact, last.At)));
        return decided with { Order = new(OrderId, Reference, decided.Facts) };

        void Accept(LegacyRow row, Decision decision)
        {
            decided.Accepted.Add(row);
            foreach (var fact in decision.Events)
            {
                decided.Facts.Add(new(fact, row.At));
                becoming = becoming.After(fact, row.At);
            }
        }
    }

    /// <summary>Its rows as a credit note; null where none is allowed.</summary>
    public CreditNote? AsCreditNote(ICollection<Refusal> refused)
    {
        var accepted = new List<LegacyRow>(Rows.Count);
        foreach (var row in Rows)
        {
            if (Command(row, accepted is [var first, ..] ? first.CustomerId : null, -row.Quantity) is not null)
                accepted.Add(row);
            else
                refused.Add(Refusal.Of(row, Refusal.ValidationFailed));
        }

        return accepted.Count > 0 ? new(number, accepted) : null;
    }

    /// <summary>The command that a row is for an order, or for a customer's first row; null where a bound is broken or the order is another customer's.</summary>
    IOrderCommand? Command(LegacyRow row, string? customerId, decimal quantity)
    {
        if (!decimal.IsInteger(quantity) || quantity is < 1 or > Bounds.MostUnits) return null;

        var item = new AddItem(row.StockCode, (int)quantity, row.UnitPrice, row.Description);
        IOrderCommand command = customerId is null ? new CreateOrder(row.CustomerId, Currency, [item]) : item;
        return (customerId ?? row.CustomerId) == row.CustomerId && Bounded.Holds(command) && Bounded.Holds(CreditNote.Cancellation(number)) ? command : null;
    }
}

/// <summary>What an invoice's rows come to.</summary>
public sealed record DecidedOrder
{
    /// <summary>The order; null where no row is allowed.</summary>
    public PastOrder? Order { get; init; }

    /// <summary>Rows that are in the order.</summary>
    public List<LegacyRow> Accepted { get; } = [];

    /// <summary>Rows that are not.</summary>
    public List<Refusal> Refused { get; } = [];

    internal List<PastFact> Facts { get; } = [];
}
