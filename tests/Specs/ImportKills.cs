using OrderMonolith.Import;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Imports that are killed, in processes of their own, beside a node that serves.</summary>
public sealed class ImportKills(Postgres postgres)
{
    // Two cores have to do for the node, the traffic, the import and whoever watches it.
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What a transaction of ours does that an import has to wait for: among the first orders, among the last, and among the credit notes.</summary>
    static readonly string[] Obstacles =
    [
        $"insert into events.mt_streams (id, type, version, tenant_id) values ('{new Invoice("1").OrderId}', 'order', 0, '*DEFAULT*')",
        $"insert into events.mt_streams (id, type, version, tenant_id) values ('{new Invoice("250").OrderId}', 'order', 0, '*DEFAULT*')",
        $"select from events.mt_streams where id = '{new Invoice("150").OrderId}' for update",
    ];

    [Fact(Timeout = 60_000)]
    public async Task An_import_that_is_killed_and_started_again_ends_as_if_it_never_had_been()
    {
        await using var whole = await Filled();
        await using var shop = await Filled();
        var once = whole.Import();
        await using var node = await Monolith.Start(postgres, shop.ConnectionString);
        using var closing = new CancellationTokenSource();
        var traffic = Traffic(node, closing.Token);

        foreach (var obstacle in Obstacles) await KillAt(obstacle, shop.Write());
        Assert.False(File.Exists(shop.RefusedFile));
        var last = await shop.Import();
        await closing.CancelAsync();

        Assert.True(await traffic > 0);
        Assert.True(last.OrdersAlreadyThere > 0 && last.CreditNotesAlreadyThere > 0);
        Assert.Equal(((await once).Orders, (await once).OrdersCancelled), (last.Orders, last.OrdersCancelled));
        Assert.Equal(await whole.Everything(), await shop.Everything());
        Assert.Equal(whole.Refused(), shop.Refused());
        var found = new List<Difference>();
        await new Verification(shop.Store, TestContext.Current.CancellationToken).OfAll(found.Add, new Seen(_ => { }));
        Assert.Empty(found);
    }

    /// <summary>Starts an import and kills it as it stands before an obstacle, which then goes away.</summary>
    static async Task KillAt(string obstacle, LegacyShop shop)
    {
        await using var block = await Blocked.Behind(shop.ConnectionString, obstacle);
        using var import = BuiltProgram.Start(shop.ConnectionString, "Inline", "import", shop.File);
        await block.UntilSomebodyWaits(import);
        import.Kill();
        await import.WaitForExitAsync(Cancellation);
        Assert.Equal(128 + 9, import.ExitCode);
    }

    /// <summary>Orders over HTTP until the shop closes; how many there were.</summary>
    static async Task<int> Traffic(Monolith node, CancellationToken closing)
    {
        var orders = 0;
        for (; !closing.IsCancellationRequested; orders++, await Task.Delay(Breath, Cancellation))
        {
            var created = await node.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { new { productId = "P0", quantity = 1, unitPrice = 2.55m } } });
            Assert.Equal(201, created.Status);
            Assert.Equal(200, (await node.Send("POST", created.Header("Location") + "/confirm")).Status);
        }

        return orders;
    }

    /// <summary>Four transactions of orders and two of credit notes, which return the first half of the orders.</summary>
    async Task<LegacyShop> Filled() => (await LegacyShop.Open(postgres))
        .Times(400, (s, i) => s.Row($"{i + 1}", "P0", "1", customer: $"c{i}").Row($"{i + 1}", "P1", "0", customer: $"c{i}"))
        .Times(200, (s, i) => s.Row($"C{i + 1}", "P0", "-1", customer: $"c{i}"));
}
