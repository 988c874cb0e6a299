using Npgsql;
using OrderMonolith.Export;
using OrderMonolith.Import;
using OrderMonolith.Operations;

namespace OrderMonolith.Specs;

/// <summary>Exports that were cut short go on where they ended, and lack nothing.</summary>
public sealed class CutShortExports(Postgres postgres)
{
    static readonly double[] Places = [0, 0.00001, 0.0001, 0.01, 0.05, 0.11, 0.3, 0.5, 0.77, 0.99, 0.9999, 0.99999, 1];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public async Task Wherever_it_was_cut_short_the_file_becomes_the_same(string ending)
    {
        await using var exported = await ExportedShop.With(postgres, 2_000);
        var whole = await exported.Export("whole" + ending);
        var bytes = await File.ReadAllBytesAsync(exported.File("whole" + ending), Cancellation);
        foreach (var place in Places) await Resume(place);

        // What comes later belongs to later exports.
        await exported.AddOrder(("order_created", """{"customerId": "late"}"""));
        foreach (var place in Places.Where(place => place >= 0.5)) await Resume(place);

        async Task Resume(double place)
        {
            var name = $"cut{ending}";
            await File.WriteAllBytesAsync(exported.File(name) + ".part", bytes[..(int)(bytes.Length * place)], Cancellation);
            var resumed = await exported.Export(name);
            Assert.Equal((whole.Events, whole.Sha256), (resumed.Events, resumed.Sha256));
            Assert.Equal(bytes, await File.ReadAllBytesAsync(exported.File(name), Cancellation));
            Assert.False(File.Exists(exported.File(name) + ".part"));
            Assert.Equal(place >= 0.5, resumed.EventsWritten < whole.Events * 0.75);
            File.Delete(exported.File(name));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    public async Task An_export_of_orders_leaves_one_of_events_alone(string ending)
    {
        await using var exported = await ExportedShop.With(postgres, 1_000);
        await exported.Export("whole" + ending);
        var bytes = (await File.ReadAllBytesAsync(exported.File("whole" + ending), Cancellation))[..^10];
        var part = exported.File("cut" + ending) + ".part";
        await File.WriteAllBytesAsync(part, bytes, Cancellation);
        await Assert.ThrowsAsync<BadInputException>(() => OrderExport.Run(exported.Shop.Database, exported.Shop.Store, exported.File("cut" + ending), null, new Seen(_ => { }), Cancellation));
        if (ending is "") Assert.Equal(bytes, await File.ReadAllBytesAsync(part, Cancellation));
    }

    [Fact]
    public async Task One_that_was_stopped_goes_on()
    {
        await using var exported = await ExportedShop.With(postgres, 3_000);
        var whole = await exported.Export("whole");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exported.Export("stopped", null, progress =>
        {
            if (progress.Count >= 12_000) stop.Cancel();
        }, stop.Token));
        Assert.False(File.Exists(exported.File("stopped")));

        var resumed = await exported.Export("stopped");
        Assert.True(resumed.Resumed && resumed.EventsWritten is > 0 and < 10_000);
        Assert.Equal(whole.Sha256, resumed.Sha256);
    }

    [Fact]
    public async Task One_that_was_begun_otherwise_is_left_alone()
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        await exported.Export("whole");
        var part = (await File.ReadAllBytesAsync(exported.File("whole"), Cancellation))[..500];
        await File.WriteAllBytesAsync(exported.File("again.part"), part, Cancellation);

        await Assert.ThrowsAsync<BadInputException>(() => exported.Export("whole"));
        await Assert.ThrowsAsync<BadInputException>(() => exported.Export("again", new(1, null)));
        await Assert.ThrowsAsync<BadInputException>(() => exported.Export("again", new(0, new Invoice("1").OrderId)));
        await exported.Shop.Query("update events.mt_events set is_archived = true where seq_id = 2");
        var refusal = await Assert.ThrowsAsync<BadInputException>(() => exported.Export("again"));
        Assert.Contains("Remove it to begin anew", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(part[..300], (await File.ReadAllBytesAsync(exported.File("again.part"), Cancellation))[..300]);
    }

    [Theory]
    [InlineData("commit", 12)]
    [InlineData("rollback", 11)]
    public async Task Who_appends_is_waited_for(string end, long events)
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        await using var database = NpgsqlDataSource.Create(Postgres.AsOwner(exported.Shop.ConnectionString));
        await using var late = await database.OpenConnectionAsync(Cancellation);
        await Do(late, "begin; select nextval('events.mt_events_sequence')");
        var early = await exported.AddOrder(("order_created", """{"customerId": "early"}"""));

        var export = exported.Export("all");
        while (!export.IsCompleted && (await exported.Shop.Query("select count(*) from pg_stat_activity where datname = current_database() and query like '%virtualtransaction%' and pid <> pg_backend_pid()"))[0] == "0")
            await Task.Delay(10, Cancellation);

        // What comes behind the position meanwhile is not in it, nor counted.
        await exported.AddOrder(("order_created", """{"customerId": "later"}"""));
        await exported.Shop.Query($"""
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp) values (nextval('events.mt_events_sequence'), gen_random_uuid(), '{early}', 2, '{"{}"}', 'order_cancelled', now());
            update events.mt_streams set version = 2 where id = '{early}'
            """);
        await Do(late, $"""
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select 11, gen_random_uuid(), stream_id, 6, data, type, now() from events.mt_events where seq_id = 5;
            {end}
            """);

        Assert.Equal((events, 12, 3), ((await export).Events, (await export).Header.Position, (await export).Streams));
        var copy = await exported.Empty();
        await exported.Import("all", copy);
        Assert.Equal(["1"], await copy.Query($"select version from events.mt_streams where id = '{early}'"));
    }

    [Fact]
    public async Task Only_what_came_after_a_position_can_be_exported_and_not_be_imported()
    {
        await using var exported = await ExportedShop.With(postgres, 2);
        var part = await exported.Export("part", new(7, null));
        Assert.Equal((3, 10), (part.Events, part.Header.Position));
        await Assert.ThrowsAsync<BadInputException>(() => exported.Export("beyond", new(11, null)));
        var copy = await exported.Empty();
        var refusal = await Assert.ThrowsAsync<BadInputException>(() => exported.Import("part", copy));
        Assert.Contains("without --after", refusal.Message, StringComparison.Ordinal);
    }

    static async Task Do(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
