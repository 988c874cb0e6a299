using OrderMonolith.Commands;
using OrderMonolith.Orders;
using UUIDNext;
using static System.FormattableString;

namespace OrderMonolith.Operations;

/// <summary>An order that nobody placed, as a shop might have it. The same seed and number always make the same one, but for the day it happened.</summary>
/// <remarks>The shop grows with its orders: at the millionth it has had 100,000 customers, the greatest of whom placed two in a hundred orders, and 2,000 products, the best sold of which is in seven of a hundred.</remarks>
public sealed class DemoOrder
{
    const int Days = 90;

    static readonly Guid UrlNameSpace = new("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    static readonly string[] Customers =
    [
        "ada", "anselm", "bettina", "boris", "carla", "chen", "dilek", "emil", "fatima", "gustav", "hana", "ines",
        "jonas", "kofi", "lucia", "mei", "nadia", "olaf", "priya", "quentin", "rosa", "samir", "tove", "yusuf",
    ];

    static readonly string[] Currencies = ["USD", "EUR", "GBP"];

    static readonly AddItem[] Products =
    [
        new("tea-darjeeling", 1, 9.50m, "Darjeeling, second flush, 100 g"), new("tea-sencha", 1, 12.90m, "Sencha, 100 g"),
        new("tea-assam", 1, 7.20m, "Assam, broken, 250 g"), new("coffee-yirgacheffe", 1, 14.00m, "Yirgacheffe, whole beans, 500 g"),
        new("coffee-decaf", 1, 11.40m, "Decaffeinated, ground, 250 g"), new("teapot-glass", 1, 34.95m, "Glass teapot, 1.2 l"),
        new("teapot-iron", 1, 89.00m, "Cast iron teapot, 0.8 l"), new("mug-blue", 1, 8.00m, "Mug, blue glaze"),
        new("mug-white", 1, 6.50m, "Mug, white"), new("filter-paper", 1, 0.0325m, "Paper filter, size 4, by the piece"),
        new("honey-acacia", 1, 5.75m, "Acacia honey, 250 g"), new("biscuit-butter", 1, 3.49m, "Butter biscuits, 200 g"),
        new("kettle-gooseneck", 1, 64.00m, "Gooseneck kettle, 1 l"), new("scale-brew", 1, 27.30m, "Brewing scale, 0.1 g"),
    ];

    static readonly string[] Reasons = ["changed my mind", "ordered twice", "delivery takes too long", "payment failed"];

    readonly Random random;
    readonly List<PastFact> facts = [];
    Order order;
    DateTimeOffset at;

    readonly int customers;
    readonly int products;

    DemoOrder(Guid id, int number, Random random, DateTimeOffset from)
    {
        (order, this.random, at) = (new() { Id = id }, random, from);
        customers = Math.Max(Customers.Length, number / 10);
        products = Math.Max(Products.Length, 2 * (int)Math.Sqrt(number));
    }

    /// <summary>Makes an order.</summary>
    /// <param name="seed">Which set of orders.</param>
    /// <param name="number">Which order of the set.</param>
    /// <param name="now">When the latest orders of the set end.</param>
    public static PastOrder Make(int seed, int number, DateTimeOffset now)
    {
        var reference = Invariant($"seed/{seed}/{number}");
        var id = Uuid.NewNameBased(UrlNameSpace, reference);
        var random = new Random(HashOf(id));
        var demo = new DemoOrder(id, number, random, now.AddDays(-Days).AddMinutes(random.Next(1, (Days - 1) * 24 * 60)));
        demo.Live();
        return new(id, reference, demo.facts);
    }

    /// <summary>Lives: created, filled, sometimes changed; six in ten confirmed, one or two in ten cancelled.</summary>
    void Live()
    {
        Do(new CreateOrder(Customer(), Pick(Currencies)));
        for (var items = random.Next(1, 7); items > 0; items--) Do(Product() with { Quantity = random.Next(1, 13) });
        if (random.Next(8) == 0) Do(new RemoveItem(order.Lines.First().ProductId, 1));

        var fate = random.Next(20);
        if (fate < 13) Do(new ConfirmOrder());
        if (fate is 11 or 12 or 13) Do(new CancelOrder(Pick(Reasons)));
    }

    void Do(IOrderCommand command)
    {
        at = at.AddSeconds(random.Next(5, 900));
        foreach (var fact in command.Decide(order).Events)
        {
            facts.Add(new(fact, at));
            order = order.After(fact, at);
        }
    }

    string Customer()
    {
        var rank = Rank(customers, 3);
        var name = Customers[rank % Customers.Length];
        return rank < Customers.Length ? name : Invariant($"{name}-{rank / Customers.Length + 1}");
    }

    AddItem Product()
    {
        var rank = Rank(products, 2);
        var (product, edition) = (Products[rank % Products.Length], rank / Products.Length + 1);
        return edition == 1 ? product : product with
        {
            ProductId = Invariant($"{product.ProductId}-{edition}"),
            UnitPrice = product.UnitPrice + 0.05m * edition,
            Description = Invariant($"{product.Description}, edition {edition}"),
        };
    }

    /// <summary>One of so many, the first the likeliest: the steeper, the more so.</summary>
    int Rank(int many, int steepness) => (int)(many * Math.Pow(random.NextDouble(), steepness));

    T Pick<T>(T[] from) => from[random.Next(from.Length)];

    static int HashOf(Guid id) => BitConverter.ToInt32(id.ToByteArray());
}
