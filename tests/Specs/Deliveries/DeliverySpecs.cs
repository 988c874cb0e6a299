using OrderMonolith.Deliveries;

namespace OrderMonolith.Specs;

/// <summary>Every event arrives wherever it has to, those of an order in order, whatever goes wrong there.</summary>
public sealed class DeliverySpecs(Postgres postgres)
{
    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Every_event_arrives_once_and_those_of_an_order_in_order()
    {
        var targets = new MemoryTargets();
        await using var service = await targets.Start(postgres, null, "warehouse", "crm");
        var orders = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Checkout(service, items: 3)));

        await Eventually.That(() => Task.FromResult(targets.Arrived.Count >= 200));

        Assert.Equal(0, await service.Query<long>("select count(*) from outward.deliveries"));
        foreach (var target in (string[])["warehouse", "crm"])
            foreach (var order in orders)
                Assert.Equal([1, 2, 3, 4, 5], targets.At(target).Where(e => e.OrderId == order).Select(e => e.Version));
    }

    [Fact]
    public async Task An_order_that_fails_waits_alone_and_goes_on_in_order()
    {
        var (targets, broken) = (new MemoryTargets(), Guid.CreateVersion7());
        var fails = true;
        targets.Answer = (e, _) => fails && e.OrderId == broken && e.Version == 2 ? new Attempt.Failed("no", Soon) : new Attempt.Delivered();
        await using var service = await targets.Start(postgres, null, "warehouse");

        await Checkout(service, items: 1, broken);
        var other = await Checkout(service, items: 1);
        await Eventually.That(() => Task.FromResult(targets.Of(other).Count == 3));
        await Eventually.That(async () => await service.Query<int>("select coalesce(max(attempts), 0) from outward.deliveries") > 2);
        Assert.Equal([1], targets.Of(broken));

        fails = false;
        await Eventually.That(() => Task.FromResult(targets.Of(broken).Count == 3));
        Assert.Equal([1, 2, 3], targets.Of(broken));
    }

    internal static async Task<Guid> Checkout(Monolith service, int items, Guid? id = null)
    {
        var order = id ?? Guid.CreateVersion7();
        var created = await service.Send("POST", "/v1/orders", new
        {
            orderId = order,
            customerId = "alice",
            items = Enumerable.Range(1, items).Select(n => new { productId = $"p-{n}", quantity = n, unitPrice = 2.5m }),
            confirm = true,
        });
        Assert.Equal(201, created.Status);
        return order;
    }
}
