using System.IO.Compression;
using OrderMonolith.Commands;
using OrderMonolith.Import;
using OrderMonolith.Operations;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Imports that come again, are cut short, or meet each other.</summary>
public sealed class ImportRuns(Postgres postgres)
{
    [Fact]
    public async Task Importing_again_adds_nothing_and_counts_the_same()
    {
        await using var shop = await LegacyShop.Full(postgres);
        var first = await shop.Import();
        var (stored, refused) = (await shop.Everything(), await File.ReadAllTextAsync(shop.RefusedFile, TestContext.Current.CancellationToken));

        var again = await shop.Import();

        Assert.Equal(stored, await shop.Everything());
        Assert.Equal(refused, await File.ReadAllTextAsync(shop.RefusedFile, TestContext.Current.CancellationToken));
        Assert.Equal((first.Accepted, first.Accepted, 0, first.Orders), (again.Accepted, again.AlreadyThere, again.EventsAppended, again.Orders));
        Assert.Equal(first.RefusedBy, again.RefusedBy);
        Assert.Equal(first.OrdersCancelled, again.OrdersCancelled);
    }

    [Theory]
    [InlineData("rows", 512)]
    [InlineData("rows", 12_800)]
    [InlineData("credit notes", 100)]
    public async Task An_import_that_was_cut_short_and_started_again_ends_as_if_it_never_had_been(string what, int count)
    {
        await using var whole = await LegacyShop.Full(postgres);
        await whole.Import();

        await using var shop = await LegacyShop.Full(postgres);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shop.Import(
            progress =>
            {
                if (progress.What == what && progress.Count >= count) stop.Cancel();
            },
            stop));
        Assert.False(File.Exists(shop.RefusedFile));
        await shop.Import();

        Assert.Equal(await whole.Everything(), await shop.Everything());
        Assert.Equal(whole.Refused(), shop.Refused());
    }

    [Fact]
    public async Task Two_imports_at_once_store_everything_once()
    {
        await using var whole = await LegacyShop.Full(postgres);
        await whole.Import();

        await using var shop = await LegacyShop.Full(postgres);
        shop.Write();
        var both = await Task.WhenAll(Enumerable.Range(1, 2).Select(n =>
            OrderImport.Run(shop.Store, shop.Database, shop.File, $"{shop.RefusedFile}{n}", new Seen(_ => { }), TestContext.Current.CancellationToken)));

        Assert.Equal(await whole.Everything(), await shop.Everything());
        Assert.Equal(both[0].Orders, both.Sum(summary => summary.OrdersCreated));
        foreach (var n in (int[])[1, 2]) File.Delete($"{shop.RefusedFile}{n}");
    }

    [Fact]
    public async Task An_import_leaves_nothing_on_the_connections_that_others_use_after_it()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A").Import();
        Assert.Equal(["0"], await shop.Query("select count(*) from pg_class where relpersistence = 't' and relkind = 'r'"));
        Assert.Equal(1, (await shop.Import()).OrdersAlreadyThere);
    }

    [Fact]
    public async Task An_order_of_somebody_else_that_has_the_invoices_id_refuses_its_rows()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var elsewhere = new PastOrder(new Invoice("1").OrderId, "a-client", [new(new OrderCreated("c1"), DateTimeOffset.UnixEpoch)]);
        await new PastOrders(shop.Store, "anonymous", "0").Store([elsewhere]);
        await shop.Row("1", "A").Row("2", "A").Import();

        Assert.Equal(["1 order-already-exists"], shop.Refused());
        Assert.Equal(("c1", "17850"), ((await shop.Order("1"))!.CustomerId, (await shop.Order("2"))!.CustomerId));
    }

    [Fact]
    public async Task A_compressed_file_is_known_by_its_content()
    {
        await using var shop = await LegacyShop.Open(postgres);
        shop.Row("1", "A").Write();
        await File.WriteAllBytesAsync(shop.File, Gzip(await File.ReadAllBytesAsync(shop.File, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        await OrderImport.Run(shop.Store, shop.Database, shop.File, null, new Seen(_ => { }), TestContext.Current.CancellationToken);
        Assert.NotNull(await shop.Order("1"));
    }

    [Theory]
    [InlineData("nothing.csv", null)]
    [InlineData("empty.csv", "")]
    [InlineData("other.csv", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n1,A,,1,2010-12-01,1,1,UK\n")]
    [InlineData("plain.csv.gz", "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")]
    public void A_file_that_is_no_export_is_bad_input(string name, string? content)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, name);
        if (content is not null) File.WriteAllText(path, content);
        Assert.Throws<BadInputException>(() => LegacyFile.Open(path));
        Directory.Delete(Path.GetDirectoryName(path)!, true);
    }

    [Fact]
    public async Task A_compressed_file_that_ends_in_the_middle_is_bad_input_and_what_came_before_stays()
    {
        await using var shop = await LegacyShop.Full(postgres);
        shop.Write();
        var whole = Gzip(await File.ReadAllBytesAsync(shop.File, TestContext.Current.CancellationToken));
        await File.WriteAllBytesAsync(shop.File, whole[..^200], TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BadInputException>(() =>
            OrderImport.Run(shop.Store, shop.Database, shop.File, null, new Seen(_ => { }), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(shop.RefusedFile));
        Assert.NotNull(await shop.Order("1"));
    }

    static byte[] Gzip(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(content);
        return compressed.ToArray();
    }
}
