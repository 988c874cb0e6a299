using System.Text;
using Marten;
using Npgsql;
using OrderMonolith.Import;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>A legacy shop whose export is written by a spec, and an empty store to import it into, reached as the application reaches it.</summary>
public sealed class LegacyShop : IAsyncDisposable
{
    readonly NpgsqlDataSource owner;
    readonly List<byte[]> rows = [Encoding.UTF8.GetBytes(string.Join(',', LegacyRow.Columns))];

    LegacyShop(string connectionString)
    {
        ConnectionString = connectionString;
        Database = NpgsqlDataSource.Create(ConnectionDefaults.Complete(connectionString));
        owner = NpgsqlDataSource.Create(Postgres.AsOwner(connectionString));
        Store = StoreOn(Database);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Database { get; }

    public DocumentStore Store { get; }

    public string File { get; } = Path.Combine(Path.GetTempPath(), $"legacy-{Guid.NewGuid():N}.csv");

    public string RefusedFile => $"{File}.refused.csv";

    public static async Task<LegacyShop> Open(Postgres postgres) => new(await postgres.CreateDatabaseAsync("import"));

    /// <summary>More rows than stay open, every kind of outcome, more notes than go into one transaction.</summary>
    public static async Task<LegacyShop> Full(Postgres postgres)
    {
        var shop = await Open(postgres);
        shop.Times(6_000, (s, i) => s.Row($"{i / 2 + 1}", $"P{i % 2}", "1", customer: $"c{i / 10}", time: $"2010-12-{1 + i / 1000:00}T08:00:00Z"));
        shop.Times(150, (s, i) => s.Row($"C{i}", "P0", "-1", customer: $"c{i}", time: "2010-12-31T08:00:00Z").Row($"C{i}", "P1", i % 3 == 0 ? "-2" : "-1", customer: $"c{i}"));
        return shop.Times(7_000, (s, i) => s.Text(i % 2 == 0 ? "A1,P,,1,2010-12-01,1,c,UK" : "?"));
    }

    public static DocumentStore StoreOn(NpgsqlDataSource database, JasperFx.Events.Projections.ProjectionLifecycle summaries = JasperFx.Events.Projections.ProjectionLifecycle.Inline) =>
        DocumentStore.For(options =>
        {
            Topology.Store(options, summaries);
            options.Connection(database);
        });

    public LegacyShop Row(
        string invoice, string product = "85123A", string quantity = "6", string price = "2.55", string customer = "17850", string time = "2010-12-01T08:26:00Z", string description = "LANTERN") =>
        Text($"{invoice},{product},{description},{quantity},{time},{price},{customer},United Kingdom");

    public LegacyShop Text(string row) => Bytes(Encoding.UTF8.GetBytes(row));

    public LegacyShop Bytes(byte[] row)
    {
        rows.Add(row);
        return this;
    }

    public LegacyShop Times(int times, Action<LegacyShop, int> what)
    {
        for (var i = 0; i < times; i++) what(this, i);
        return this;
    }

    public LegacyShop Write()
    {
        System.IO.File.WriteAllBytes(File, [.. rows.SelectMany(row => (byte[])[.. row, (byte)'\n'])]);
        return this;
    }

    public Task<ImportSummary> Import() => Import(_ => { });

    /// <summary>Writes the file and imports it; whoever is told of the progress may stop it.</summary>
    public async Task<ImportSummary> Import(Action<Progress> told, CancellationTokenSource? stop = null)
    {
        using var never = new CancellationTokenSource();
        return await OrderImport.Run(Write().Store, Database, File, null, new Seen(told), (stop ?? never).Token);
    }

    /// <summary>The refused rows as "row code".</summary>
    public string[] Refused() => [.. System.IO.File.ReadLines(RefusedFile).Skip(1).Select(line => string.Join(' ', line.Split(',').Take(2)))];

    public async Task<Order?> Order(string invoice)
    {
        await using var session = Store.QuerySession();
        return await session.LoadAsync<Order>(new Invoice(invoice).OrderId);
    }

    /// <summary>Asks or damages the database, as its owner.</summary>
    public async Task<string[]> Query(string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync()) found.Add(reader.GetValue(0).ToString()!);
        return [.. found];
    }

    /// <summary>All that imports left in the store, but for sequence numbers, ids of events and of the run.</summary>
    public Task<string[]> Everything() => Query("""
        with mine as (select * from events.mt_events where user_name = 'import')
        select concat_ws(' ', stream_id, version, type, data, timestamp, causation_id) from mine
        union all select data::text from views.mt_doc_order where id in (select stream_id from mine)
        union all select data::text from views.mt_doc_order_summary where id in (select stream_id from mine) order by 1
        """);

    public async ValueTask DisposeAsync()
    {
        Store.Dispose();
        await Database.DisposeAsync();
        await owner.DisposeAsync();
        System.IO.File.Delete(File);
        System.IO.File.Delete(RefusedFile);
    }
}

/// <summary>Progress as it is told, at once.</summary>
public sealed class Seen(Action<Progress> told) : IProgress<Progress>
{
    public void Report(Progress value) => told(value);
}
