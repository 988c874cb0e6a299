using FsCheck;
using FsCheck.Fluent;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Any facts in any order, also such as no rule would lead to.</summary>
public sealed record AnyHistory(params OrderEvent[] Facts)
{
    public Order Order => Specification.Given(Facts);

    public override string ToString() => string.Join("; ", Facts.AsEnumerable());
}

/// <summary>What happens when commands come in any order and the rules decide.</summary>
public sealed record LawfulHistory(params IOrderCommand[] Commands)
{
    public IReadOnlyList<OrderEvent> Facts { get; } = Decided(Commands);

    public Order Order => Specification.Given(Facts);

    public override string ToString() => string.Join("; ", Commands.AsEnumerable());

    static List<OrderEvent> Decided(IOrderCommand[] commands)
    {
        var (order, facts) = (new Order(), new List<OrderEvent>());
        foreach (var command in commands.Prepend(new CreateOrder("ada")))
        {
            foreach (var fact in command.Decide(order).Events)
            {
                order = order.After(fact, Specification.Noon);
                facts.Add(fact);
            }
        }

        return facts;
    }
}

/// <summary>Makes histories: few products and prices, so that they meet; small and huge quantities; shorter ones on failure.</summary>
public static class Histories
{
    static readonly Gen<string> Products = Gen.Elements("tea", "Tea", "mug", "日本");

    static readonly Gen<decimal> Prices = Gen.Elements(0, 0.0001m, 0.1m, 9.5m, 9.50m, 999_999.9999m, 1_000_000);

    static readonly Gen<decimal> AnyPrices = Gen.Frequency((8, Prices), (1, Gen.Elements(-1, 0.0000000000000000000000000001m, decimal.MaxValue, decimal.MinValue)));

    static readonly Gen<int> Quantities = Gen.Frequency((6, Gen.Choose(1, 3)), (1, Gen.Elements(499_999, 1_000_000)));

    static readonly Gen<int> AnyQuantities = Gen.Frequency((8, Quantities), (1, Gen.Elements(0, -1, int.MinValue, int.MaxValue)));

    static readonly Gen<string?> Texts = Gen.Elements<string?>(null, null, "", "Earl \"Grey\" <ü>\r\n\u2028", "\U0001FAD6");

    static readonly Gen<OrderEvent> Facts = Gen.Frequency<OrderEvent>(
        (1, Gen.Elements("ada", "bob").Select(OrderEvent (customer) => new OrderCreated(customer, "EUR"))),
        (8, from product in Products
            from units in AnyQuantities
            from price in AnyPrices
            from text in Texts
            select (OrderEvent)new ItemAdded(product, units, price, text)),
        (5, from product in Products from units in AnyQuantities from price in AnyPrices select (OrderEvent)new ItemRemoved(product, units, price)),
        (1, Gen.Constant<OrderEvent>(new OrderConfirmed())),
        (1, Texts.Select(OrderEvent (reason) => new OrderCancelled(reason))));

    static readonly Gen<IOrderCommand> AnyCommands = Gen.Frequency<IOrderCommand>(
        (12, from product in Products
             from units in Quantities
             from price in Prices
             from text in Texts
             select (IOrderCommand)new AddItem(product, units, price, text)),
        (6, from product in Products from units in Quantities select (IOrderCommand)new RemoveItem(product, units)),
        (2, Products.Select(IOrderCommand (product) => new RemoveItem(product))),
        (1, Gen.Constant<IOrderCommand>(new ConfirmOrder())),
        (1, Texts.Select(IOrderCommand (reason) => new CancelOrder(reason))),
        (1, Gen.Constant<IOrderCommand>(new CreateOrder("bob"))));

    public static Arbitrary<AnyHistory> Any() =>
        Arb.From(Facts.ArrayOf().Select(facts => new AnyHistory(facts)), history => Shorter(history.Facts).Select(facts => new AnyHistory(facts)));

    public static Arbitrary<LawfulHistory> Lawful() =>
        Arb.From(AnyCommands.ArrayOf().Select(commands => new LawfulHistory(commands)), h => Shorter(h.Commands).Select(commands => new LawfulHistory(commands)));

    public static Arbitrary<IOrderCommand> Commands() => AnyCommands.ToArbitrary();

    static IEnumerable<T[]> Shorter<T>(T[] items) => Enumerable.Range(0, items.Length).Select(i => (T[])[.. items[..i], .. items[(i + 1)..]]);
}
