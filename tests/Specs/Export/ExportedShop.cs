using OrderMonolith.Commands;
using OrderMonolith.Export;
using OrderMonolith.Import;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>A store with all that can be in one, the files that it is exported to, and stores that these are imported into.</summary>
public sealed class ExportedShop : IAsyncDisposable
{
    /// <summary>All rows of events and streams, and the place of the next event.</summary>
    const string AllRows = """
        select e::text from events.mt_events e union all select s::text from events.mt_streams s
        union all select (case when is_called then last_value else 0 end)::text from events.mt_events_sequence order by 1
        """;

    readonly TemporaryFolder folder = new();
    readonly List<LegacyShop> copies = [];
    readonly Postgres postgres;

    ExportedShop(Postgres postgres, LegacyShop shop) => (this.postgres, Shop) = (postgres, shop);

    /// <summary>The store that is exported.</summary>
    public LegacyShop Shop { get; }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A store with so many orders of the legacy shop, five events each.</summary>
    public static async Task<ExportedShop> With(Postgres postgres, int orders)
    {
        var shop = await LegacyShop.Open(postgres);
        if (orders > 0) await shop.Times(orders, (s, i) => s.Row($"{i}", "A", time: $"2010-12-{1 + i % 28:00}T08:00:00.123456Z").Row($"{i}", "B", description: "Straße 🫖 \\").Row($"{i}", "C")).Import();
        return new(postgres, shop);
    }

    /// <summary>Adds what is seldom: an archived order, a gap, a filled one, all generations of events, a skipped event, what no node of today writes.</summary>
    public async Task AddOddities()
    {
        await using (var session = Shop.Store.LightweightSession())
        {
            session.Events.ArchiveStream(new Invoice("0").OrderId);
            await session.SaveChangesAsync(Cancellation);
        }

        await using (var session = Shop.Store.LightweightSession())
        {
            session.Events.StartStream<Order>(Guid.CreateVersion7(), new OrderCreated("ada"), new ItemAdded("tea", 1, 1));
            for (var i = 0; i < 2; i++) session.Insert(new StoredOutcome { Id = "the same" });
            await Assert.ThrowsAnyAsync<Exception>(() => session.SaveChangesAsync(Cancellation));
        }

        while ((await Shop.Query("select count(*) from events.mt_events where type = 'tombstone'"))[0] != "2") await Task.Delay(20, Cancellation);
        await Shop.Query("select nextval('events.mt_events_sequence') from generate_series(1, 5)");
        await AddOrder(
            ("order_created", """{"orderId": "0", "customerId": "ada"}"""), ("item_added", """{"orderId": "0", "productId": "tea", "quantity": 2, "price": 9.50}"""),
            ("item_added_v2", """{"productId": "cup", "quantity": 1, "unitPrice": 1.10, "later": 12345678901234567890.12345678901234567890, "text": "a\u0001\"\\\n\u2028<é>"}"""),
            ("item_removed", """{"orderId": "0", "productId": "tea", "quantity": 1, "price": 9.5}"""), ("item_removed_v2", """{"productId": "cup", "quantity": 1, "unitPrice": 1.1}"""),
            ("order_confirmed", """{"orderId": "0"}"""), ("order_cancelled", """{"orderId": "0"}"""));
        await Shop.Query("update events.mt_events set is_skipped = true, bdata = '\\x00ff', headers = '{\"a\": [1.0]}', tenant_id = null, correlation_id = E'\\u2028\"\\\\' where type = 'tombstone'");
        await Shop.Query("select nextval('events.mt_events_sequence')");
    }

    /// <summary>Adds an order as some node left it: rows, past every view.</summary>
    public async Task<Guid> AddOrder(params (string Alias, string Json)[] events)
    {
        var id = Guid.CreateVersion7();
        await Shop.Query($"insert into events.mt_streams (id, type, version, tenant_id) values ('{id}', 'order', {events.Length}, '*DEFAULT*')");
        foreach (var (i, (alias, json)) in events.Index())
            await Shop.Query($"""
                insert into events.mt_events (seq_id, id, stream_id, version, data, type, tenant_id, timestamp, mt_dotnet_type)
                values (nextval('events.mt_events_sequence'), gen_random_uuid(), '{id}', {i + 1}, '{json}', '{alias}', '*DEFAULT*', '1969-12-31T23:59:59.999999Z', 'LegacyShop.SomethingHappened, LegacyShop')
                """);
        return id;
    }

    /// <summary>A file in a folder of this store's own.</summary>
    public string File(string name) => Path.Combine(folder.Path, name);

    /// <summary>Exports events; whoever is told of the progress may stop it.</summary>
    public Task<EventExportSummary> Export(string name, ExportedPart? part = null, Action<Progress>? told = null, CancellationToken? stop = null) => EventExport.Run(
        Shop.Store, Shop.Database, new StoreEpoch(Shop.Database, TimeProvider.System), File(name), part ?? new(0, null), new Seen(told ?? (_ => { })), stop ?? Cancellation);

    /// <summary>An empty store.</summary>
    public async Task<LegacyShop> Empty()
    {
        copies.Add(await LegacyShop.Open(postgres));
        return copies[^1];
    }

    /// <summary>Imports a file into a store.</summary>
    public Task<EventImportSummary> Import(string name, LegacyShop copy, Action<Progress>? told = null, CancellationToken? stop = null) =>
        EventImport.Run(copy.Store, copy.Database, File(name), new Seen(told ?? (_ => { })), stop ?? Cancellation);

    /// <summary>All that a store says of its history.</summary>
    public static Task<string[]> Rows(LegacyShop shop) => shop.Query(AllRows);

    /// <summary>What is wrong with a store's views.</summary>
    public static async Task<List<Difference>> Differences(LegacyShop shop)
    {
        var found = new List<Difference>();
        await new Verification(shop.Store, Cancellation).OfAll(found.Add, new Seen(_ => { }));
        return found;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var copy in copies) await copy.DisposeAsync();
        await Shop.DisposeAsync();
        folder.Dispose();
    }
}
