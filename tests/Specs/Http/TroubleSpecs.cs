using Npgsql;
using OrderMonolith.Commands;

namespace OrderMonolith.Specs;

/// <summary>Problems that only trouble below the service makes, as callers see them.</summary>
public sealed class TroubleSpecs(Postgres postgres)
{
    static string AlwaysLose(string how = "deadlock_detected") => $"""
        create function lose() returns trigger language plpgsql as $$ begin raise 'others were faster' using errcode = '{how}'; end $$;
        create trigger lose before insert on events.mt_events for each row execute function lose()
        """;

    const string Tea = """{"productId":"tea","quantity":1,"unitPrice":1}""";

    [Fact]
    public async Task When_more_commands_wait_than_may_the_next_one_is_turned_away()
    {
        await using var monolith = await Monolith.Start(postgres);
        await using var database = NpgsqlDataSource.Create(monolith.ConnectionString);
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var holding = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var held = new NpgsqlCommand("lock table events.mt_streams in access exclusive mode", connection, holding))
            await held.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var path = $"/v1/orders/{Guid.NewGuid()}/confirm";
        var running = monolith.Send("POST", path);
        await using var blocked = database.CreateCommand("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        while ((long)(await blocked.ExecuteScalarAsync(TestContext.Current.CancellationToken))! == 0) await Task.Yield();
        var others = Enumerable.Range(0, CommandRunner.MostWaiting + 1).Select(_ => monolith.Send("POST", path)).ToList();

        var turnedAway = await Task.WhenAny(others);
        var refused = await turnedAway;
        Assert.Equal((503, "server-busy", "1"), (refused.Status, refused.Code, refused.Header("Retry-After")));
        await holding.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.All(await Task.WhenAll(others.Where(other => other != turnedAway).Append(running)), answer => Assert.Equal("order-not-found", answer.Code));
    }

    [Theory]
    [InlineData("deadlock_detected")]
    [InlineData("serialization_failure")]
    public async Task When_others_are_faster_each_time_the_caller_hears_of_it(string how)
    {
        await using var monolith = await Monolith.Start(postgres);
        var order = await Start(monolith);
        await Run(monolith.ConnectionString, AlwaysLose(how));
        var refused = await monolith.Send("POST", $"{order}/items", Tea);
        Assert.Equal((409, "concurrent-change"), (refused.Status, refused.Code));

        await Run(monolith.ConnectionString, "drop trigger lose on events.mt_events");
        Assert.Equal("\"2\"", (await monolith.Send("POST", $"{order}/items", Tea)).Header("ETag"));
    }

    [Fact]
    public async Task What_fails_is_logged_without_what_customers_sent()
    {
        var connection = await postgres.CreateDatabaseAsync("specs");
        await using var service = OnSocket.Start(connection);
        await Run(connection, AlwaysLose());
        Assert.Equal("concurrent-change", (await service.Send("POST /v1/orders", ["Content-Type: application/json"], """{"customerId":"ada-lovelace"}"""u8.ToArray())).Code);
        Assert.DoesNotContain(service.Logged.Lines, line => line.Contains("ada-lovelace", StringComparison.Ordinal));
        Assert.Empty(service.Logged.Errors);
    }

    [Fact]
    public async Task On_an_order_whose_document_lacks_events_nothing_is_decided()
    {
        await using var monolith = await Monolith.Start(postgres);
        var order = await Start(monolith);
        await Run(monolith.ConnectionString, "create table kept as select * from views.mt_doc_order");
        await monolith.Send("POST", $"{order}/items", Tea);
        await Run(monolith.ConnectionString, "update views.mt_doc_order o set data = k.data, mt_version = k.mt_version from kept k where k.id = o.id");

        var refused = await monolith.Send("POST", $"{order}/confirm");
        Assert.Equal((503, "projection-behind", "1"), (refused.Status, refused.Code, refused.Header("Retry-After")));
        Assert.Equal(2, await monolith.Query<long>("select count(*) from events.mt_events"));
    }

    [Fact]
    public async Task A_defect_is_told_as_one_and_logged_with_its_trace()
    {
        var connection = await postgres.CreateDatabaseAsync("specs");
        await using var service = OnSocket.Start(connection);
        var order = (await service.Send("POST /v1/orders", ["Content-Type: application/json"], """{"customerId":"c1"}"""u8.ToArray())).Headers["Location"];
        await Run(connection, """update views.mt_doc_order set data = '{"lines":7}'""");

        var defect = await service.Send($"POST {order}/cancel", []);
        Assert.Equal((500, "internal-error"), (defect.Status, defect.Code));
        Assert.Single(service.Logged.Errors, error => error.StartsWith($"A defect: POST {order}/cancel failed.", StringComparison.Ordinal));
    }

    static async Task<string> Start(Monolith monolith) => (await monolith.Send("POST", "/v1/orders", """{"customerId":"c1"}""")).Header("Location")!;

    static async Task Run(string connectionString, string sql)
    {
        await using var database = NpgsqlDataSource.Create(Postgres.AsOwner(connectionString));
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
