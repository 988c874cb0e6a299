using Npgsql;
using static OrderMonolith.Specs.Carts;

namespace OrderMonolith.Specs;

/// <summary>A service that dies forgets no order.</summary>
public sealed class AbandonedAcrossKills(Postgres postgres)
{
    [Fact]
    public async Task Every_order_is_cancelled_once_however_often_it_dies_meanwhile()
    {
        var database = await postgres.CreateDatabaseAsync("abandoned");
        var orders = new List<Guid>();
        await using (var shop = await Monolith.Start(postgres, database))
            for (var i = 0; i < 150; i++) orders.Add(await shop.Begun(90));

        for (var kill = 1; kill <= 2; kill++)
        {
            await using var service = await ServingProgram.Start(database, "--Orders:AbandonAfter=01:00:00");
            await Eventually.That(async () => await Count(database) >= kill * 10);
        }

        await using var last = await Monolith.Start(postgres, database, AfterAnHour);
        await Eventually.That(async () => await last.Waiting() is 0 && await Count(database) >= orders.Count);
        foreach (var order in orders) Assert.Equal(("Cancelled", 3), await last.Of(order));
    }

    static async Task<long> Count(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select count(*) from events.mt_events where type = 'order_cancelled'");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
