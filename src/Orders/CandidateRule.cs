using System.Globalization;

namespace OrderMonolith.Orders;

/// <summary>A rule that is not in force. It can be tried on all that happened before it is rolled out; a new one is a line in <see cref="All"/>.</summary>
/// <param name="Name">How it is called.</param>
/// <param name="Help">What it says, for people.</param>
/// <param name="Takes">Which values it can be given; none where it takes no value.</param>
/// <param name="With">What it makes of facts, given its value.</param>
public sealed record CandidateRule(string Name, string Help, CandidateRule.Values? Takes, Func<decimal, Rewriting> With)
{
    /// <summary>Values of a rule.</summary>
    /// <param name="Least">The least.</param>
    /// <param name="Most">The most.</param>
    /// <param name="Decimals">Most decimals.</param>
    public sealed record Values(decimal Least, decimal Most, int Decimals);

    static readonly Values Prices = new(0, Bounds.HighestPrice, Bounds.PriceDecimals);

    static Rejection TooLarge { get; } = new("order-too-large", "The order would be larger than the rule allows.");

    static Rejection TooDear { get; } = new("price-too-high", "A unit would cost more than the rule allows.");

    static Rejection TooSmall { get; } = new("order-too-small", "The order's total is less than the rule asks for.");

    /// <summary>All rules that can be tried.</summary>
    public static IReadOnlyList<CandidateRule> All { get; } =
    [
        new("today", "the rules as they are in this version, decided again", null, _ => (order, past, _) =>
            Replay.Misfit(order, past.Fact) is { } no ? no : past.Fact),
        new("most-lines", "an order holds at most so many lines", new(1, Bounds.MostLines, 0), most => (order, past, _) =>
            past.Fact is ItemAdded e && order.Lines.Find(e.ProductId, e.UnitPrice) is null && order.Lines.Count >= most ? TooLarge : past.Fact),
        new("most-units", "a line holds at most so many units", new(1, Bounds.MostUnits, 0), most => (order, past, _) =>
            past.Fact is ItemAdded e && (order.Lines.Find(e.ProductId, e.UnitPrice)?.Quantity ?? 0) + (long)e.Quantity > most ? TooLarge : past.Fact),
        new("highest-price", "a unit costs at most so much", Prices, most => (_, past, _) =>
            past.Fact is ItemAdded e && e.UnitPrice > most ? TooDear : past.Fact),
        new("least-total", "an order is confirmed from this total on", new(0, (decimal)Bounds.MostLines * Bounds.MostUnits * Bounds.HighestPrice, Bounds.PriceDecimals), least => (order, past, _) =>
            past.Fact is OrderConfirmed && order.TotalAmount < least ? TooSmall : past.Fact),
        new("price-change", "prices are so many percent higher, or lower (-5), rounded half to even", new(-100, 1_000, 2), percent =>
            Repriced(price => decimal.Round(price + price * percent / 100, Bounds.PriceDecimals))),
        new("price-decimals", "prices have so many decimals, rounded half to even", new(0, Bounds.PriceDecimals, 0), decimals =>
            Repriced(price => decimal.Round(price, (int)decimals))),
    ];

    /// <summary>Reads <c>name</c> or <c>name=value</c>.</summary>
    /// <returns>What the rule makes of facts, or null.</returns>
    public static Rewriting? Parse(string text)
    {
        var (name, value) = text.Split('=', 2) is [var before, var after] ? (before, after) : (text, null);
        return All.FirstOrDefault(rule => rule.Name == name) switch
        {
            { Takes: null } plain when value is null => plain.With(0),
            { Takes: { } values } rule when decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number >= values.Least && number <= values.Most && decimal.Round(number, values.Decimals) == number => rule.With(number),
            _ => null,
        };
    }

    static Rewriting Repriced(Func<decimal, decimal> price) => (order, past, _) => past.Fact switch
    {
        ItemAdded e => e with { UnitPrice = price(e.UnitPrice) },
        ItemRemoved e => Removed(order, e, price(e.UnitPrice)),
        var other => other,
    };

    /// <summary>Removing units names the price they were added at: the new one, and for what was added before the rule the old one.</summary>
    static Decision Removed(Order order, ItemRemoved e, decimal repriced)
    {
        if (repriced == e.UnitPrice) return e;
        var taken = Math.Min(order.Lines.Find(e.ProductId, repriced)?.Quantity ?? 0, e.Quantity);
        List<OrderEvent> facts = [];
        if (taken > 0) facts.Add(e with { Quantity = taken, UnitPrice = repriced });
        if (taken < e.Quantity) facts.Add(e with { Quantity = e.Quantity - taken });
        return new(facts);
    }
}
