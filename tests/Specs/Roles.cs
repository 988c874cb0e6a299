using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>The service under the application role of <c>db/roles.sql</c>: it does all its work, and cannot touch what has happened.</summary>
public sealed class Roles(Postgres postgres)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task The_service_works_as_the_application(string lifecycle)
    {
        await using var monolith = await Monolith.Start(postgres, await Prepared(), ("OrderSummaries:Lifecycle", lifecycle));
        await using var who = monolith.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("select current_user::text");
        Assert.Equal("orders_app", await who.ExecuteScalarAsync(Cancellation));

        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        Assert.Equal(201, created.Status);
        var order = created.Header("Location")!;
        Assert.Equal(200, (await monolith.Send("POST", order + "/items", new { productId = "tea", quantity = 2, unitPrice = 9.5m })).Status);
        var confirmed = await monolith.Send("POST", order + "/confirm");
        Assert.Equal(200, confirmed.Status);

        await monolith.CaughtUp();
        var summary = await monolith.Send("GET", order + "/summary");
        Assert.Equal(200, summary.Status);
        Assert.Equal(3, summary.Content.GetProperty("version").GetInt32());
        Assert.Contains("Healthy", (await monolith.Send("GET", "/health/ready")).Body);
    }

    [Fact]
    public async Task The_application_may_archive()
    {
        await using var monolith = await Monolith.Start(postgres, await Prepared());
        var id = (await monolith.Send("POST", "/v1/orders", new { customerId = "c1" })).Content.GetProperty("id").GetGuid();

        await using var session = monolith.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Events.ArchiveStream(id);
        await session.SaveChangesAsync(Cancellation);

        Assert.True(await monolith.Query<bool>($"select bool_and(is_archived) from events.mt_events where stream_id = '{id}'"));
    }

    [Theory]
    [InlineData("update events.mt_events set data = '{}'")]
    [InlineData("update events.mt_events set type = 'order_cancelled'")]
    [InlineData("update events.mt_events set timestamp = now()")]
    [InlineData("update events.mt_events set version = version + 1")]
    [InlineData("update events.mt_streams set type = 'other'")]
    [InlineData("delete from events.mt_events")]
    [InlineData("delete from events.mt_streams")]
    [InlineData("truncate events.mt_events")]
    [InlineData("select views.deletes()")]
    [InlineData("truncate events.mt_streams cascade")]
    [InlineData("drop table events.mt_events")]
    [InlineData("alter table events.mt_events disable trigger all")]
    [InlineData("create table events.mine (id int)")]
    public Task The_application_cannot_touch_what_has_happened(string attempt) => Refuses("orders_app", attempt);

    [Theory]
    [InlineData("insert into events.mt_streams (id) values (gen_random_uuid())")]
    [InlineData("delete from views.mt_doc_order")]
    [InlineData("select * from wolverine.wolverine_incoming_envelopes")]
    public Task A_reader_only_reads_orders_and_events(string attempt) => Refuses("orders_read", attempt);

    async Task Refuses(string role, string attempt)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(await Prepared()) { Options = $"-c role={role}" });
        await using var command = database.CreateCommand(attempt);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    /// <summary>A database made as an operator makes it, with the roles given a second time; reached as the application.</summary>
    async Task<string> Prepared()
    {
        var database = await postgres.CreateDatabaseAsync("roles");
        await using (var application = NpgsqlDataSource.Create(database))
        await using (var trap = application.CreateCommand("create function views.deletes() returns void language sql security definer as 'delete from events.mt_events'"))
            await trap.ExecuteNonQueryAsync(Cancellation);
        await Postgres.RunScriptAsync(database, "roles.sql");
        return database;
    }
}
