using Marten;
using Microsoft.Extensions.DependencyInjection;
using OrderMonolith.Commands;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>A service that holds orders which share times and amounts, and what they are.</summary>
public sealed class ListedOrders(Postgres postgres) : IAsyncLifetime
{
    static readonly string[] Currencies = ["USD", "EUR", "GBP"];

    public Monolith Service { get; private set; } = null!;

    public IReadOnlyList<Order> Orders { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Service = await Monolith.Start(postgres);
        var past = Enumerable.Range(0, 24).Select(n => new PastOrder(Guid.NewGuid(), $"{n}", [.. History(n)])).ToList();
        await new PastOrders(Service.Services.GetRequiredService<IDocumentStore>(), "spec", "0").Store(past);
        Orders = [.. past.Select(order => order.Facts.Aggregate(new Order { Id = order.Id }, (state, fact) => state.After(fact.Fact, fact.At)))];
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();

    /// <summary>Four orders an hour from the evening of one day into the next, of two customers, in three currencies.</summary>
    static IEnumerable<PastFact> History(int n)
    {
        var created = new DateTimeOffset(2026, 3, 1, 21, 0, 0, TimeSpan.Zero).AddHours(n / 4);
        var changed = created.AddHours(n % 5);
        yield return new(new OrderCreated(n % 2 == 0 ? "ada" : "bob", Currencies[n % 3]), created);
        yield return new(new ItemAdded($"p{n % 4}", 2, n % 6 + 0.25m), created);
        yield return new(new ItemAdded("gift", 1, 0.5m), created);
        if (n % 2 == 1) yield return new(new ItemRemoved("gift", 1, 0.5m), changed);
        if (n % 3 > 0) yield return new(new OrderConfirmed(), changed);
        if (n % 3 > 1) yield return new(new OrderCancelled(), changed);
    }
}
