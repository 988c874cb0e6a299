using System.Text.Json;
using OrderMonolith.Commands;
using OrderMonolith.Import;
using OrderMonolith.Operations;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>
/// A service that holds orders of every kind: a legacy shop's with credit notes, demo orders in three currencies, odd ones, those of older versions and an archived one;
/// and all of the file that REAL_ORDERS names, where it names one.
/// </summary>
public sealed class SoldOrders(Postgres postgres) : IAsyncLifetime
{
    public Monolith Service { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await using var shop = await LegacyShop.Open(postgres);
        shop.Times(900, (s, i) => s.Row($"{i / 3 + 1}", $"P{i % 7 * (i % 3)}", $"{1 + i % 5}", $"{i % 11}.{i % 10}5", $"c{i / 30}", $"2010-12-{1 + i / 30:00}T{i % 24:00}:59:59Z"));
        shop.Times(120, (s, i) => s.Row($"{1_000 + i / 40}", $"Q{i % 40}", customer: "many", time: "2011-01-02T23:59:59Z"));
        shop.Times(101, (s, i) => s.Row("2000", $"P{i}", customer: "reseller"));
        shop.Times(9, (s, i) => s.Row($"C{i}", "P0", "-1", $"0.05", $"c{i}", "2011-01-03T00:00:00Z"));
        shop.Row("3000", customer: "back", time: "2011-03-01T10:00:00Z").Row("C3000", quantity: "-6", customer: "back", time: "2011-03-31T23:00:00Z");
        await shop.Import();
        if (Environment.GetEnvironmentVariable("REAL_ORDERS") is { Length: > 0 } file)
            await OrderImport.Run(shop.Store, shop.Database, file, shop.RefusedFile, new Seen(_ => { }), TestContext.Current.CancellationToken);
        await Seeding.Run(shop.Store, TimeProvider.System, 1, 400, new Seen(_ => { }), TestContext.Current.CancellationToken);
        var odd = Odd().ToList();
        await new PastOrders(shop.Store, "spec", "0").Store(odd);
        await using (var session = shop.Store.LightweightSession())
        {
            session.Events.ArchiveStream(odd[0].Id);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Service = await Monolith.Start(postgres, shop.ConnectionString);
        var older = new RawEvents(Service);
        await older.Lying(
            ("order_created", """{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","customerId":"old"}"""),
            ("item_added", """{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c","productId":"P1","quantity":3,"price":9.50}"""),
            ("item_added", """{"productId":"P2","quantity":3,"price":2.5}"""), ("item_removed", """{"productId":"P1","quantity":2,"price":9.5}"""),
            ("order_confirmed", """{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"}"""));
        await older.Lying(("order_created", """{"customerId":"old"}"""), ("order_cancelled", """{"orderId":"0192f0c1-7a51-7cc2-b8a4-3d7f5f1a2b3c"}"""));
        await CaughtUp(Service);
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();

    /// <summary>Waits until figures hold all that there is.</summary>
    public static Task CaughtUp(Monolith service) => Eventually.That(async () =>
        await service.Query<bool>("select coalesce((select last_seq_id from events.mt_event_progression where name = 'sales:All'), 0) >= (select max(seq_id) from events.mt_events)")
        && (await service.Send("GET", "/v1/insights/sales")).Status is 200);

    /// <summary>The items of an answer.</summary>
    public async Task<List<JsonElement>> Items(string path)
    {
        var answer = await Service.Send("GET", path);
        Assert.True(answer.Status is 200, answer.Body);
        return [.. answer.Content.GetProperty("items").EnumerateArray()];
    }

    /// <summary>Around the ends of days, weeks, months and years; emptied, cancelled at once and later, never confirmed, with more decimals than a currency has.</summary>
    static IEnumerable<PastOrder> Odd()
    {
        string[] ends = ["2020-12-31T23:59:59.999999Z", "2021-01-01T00:00:00Z", "2021-01-03T23:59:59.999999Z", "2021-01-04T00:00:00Z", "2024-02-29T12:00:00Z", "2024-12-29T23:59:59.999999Z", "2024-12-30T00:00:00Z", "2025-01-01T00:00:00Z"];
        var confirmed = new OrderConfirmed();
        foreach (var (n, end) in ends.Index())
        {
            var (at, tea, mug) = (DateTimeOffset.Parse(end, null), new ItemAdded("tea", 2, 0.0001m + n), new ItemAdded("Mug", 1, 3.3m));
            yield return Of($"sold/{n}", at.AddDays(-1), at, new OrderCreated("ada", n % 2 == 0 ? "JPY" : "EUR"), tea, mug, confirmed);
            yield return Of($"back/{n}", at.AddDays(-9), at, new OrderCreated("bob", "EUR"), tea, confirmed, new OrderCancelled(n % 3 == 0 ? null : $"reason {n % 2}"));
            yield return Of($"open/{n}", at, at, new OrderCreated("ada"), tea, mug, new ItemAdded("tea", 1, 2), new ItemRemoved("tea", 1, 2));
            yield return Of($"gone/{n}", at, at, new OrderCreated("ada"), mug, new ItemAdded("tea", 1, 1), new ItemRemoved("Mug", 1, 3.3m), confirmed);
            yield return Of($"never/{n}", at, at, new OrderCreated("cyd"), new OrderCancelled("reason 1"));
        }
    }

    static PastOrder Of(string reference, DateTimeOffset created, DateTimeOffset changed, params OrderEvent[] facts) =>
        new(Guid.NewGuid(), reference, [.. facts.Select((fact, n) => new PastFact(fact, n == 0 ? created : changed))]);
}
