using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>However much happened to an order, a command costs the same: it decides on the document, which is a snapshot of every version.</summary>
public sealed class LongStreams(Postgres postgres)
{
    [Fact]
    public async Task No_command_reads_an_event()
    {
        await using var monolith = await Monolith.Start(postgres);
        await using (var owner = NpgsqlDataSource.Create(monolith.ConnectionString))
        await using (var command = owner.CreateCommand("revoke select on events.mt_events from orders_app; grant select (seq_id, id) on events.mt_events to orders_app"))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { new { productId = "pot", quantity = 2, unitPrice = 12.5m } } });
        Assert.Equal(201, created.Status);
        var order = created.Header("Location")!;
        foreach (var (method, path, body) in new (string, string, object?)[]
        {
            ("POST", "/items", new { productId = "cup", quantity = 6, unitPrice = 3 }), ("DELETE", "/items/cup?quantity=2", null), ("POST", "/confirm", null), ("POST", "/confirm", null), ("POST", "/cancel", null),
        })
            Assert.Equal(200, (await monolith.Send(method, order + path, body, ("Idempotency-Key", Guid.NewGuid().ToString()))).Status);
        Assert.Equal(6, (await monolith.Send("GET", order)).Content.GetProperty("version").GetInt32());
    }
}
