using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Nodes share the views that follow from behind; what one had when it died goes on elsewhere.</summary>
public sealed class TakenOver(Postgres postgres)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Views_of_a_node_that_is_killed_go_on_at_the_other()
    {
        var database = await postgres.CreateDatabaseAsync("takeover");
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        await using var first = await ServingProgram.Start(database);
        var firsts = await Texts(source, "select id::text from wolverine.wolverine_nodes");
        await using var second = await ServingProgram.Start(database);

        const string Owned = "select split_part(a.id, '/', -2) || ':All' from wolverine.wolverine_node_assignments a where a.id like 'event-subscriptions%' and (a.node_id::text = any($1)) = $2";
        await Eventually.That(async () => (await Texts(source, Owned, firsts, true)).Length > 0 && (await Texts(source, Owned, firsts, false)).Length > 0);
        await Order(second);
        var lost = await Texts(source, Owned, firsts, true);
        first.Kill();
        var clock = Stopwatch.StartNew();
        await Order(second);
        var head = await Number(source, "select max(seq_id) from events.mt_events");

        await Eventually.That(async () => await Number(source, "select count(*) from events.mt_event_progression where name = any($1) and last_seq_id >= $2", lost, head) == lost.Length);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", lost)} went on after {clock.Elapsed.TotalSeconds:0.0} s"));
    }

    static async Task Order(ServingProgram service) => Assert.Equal(201, (int)(await service.Client.PostAsJsonAsync("/v1/orders", new { customerId = "ada" }, Cancellation)).StatusCode);

    static async Task<string[]> Texts(NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = Command(source, sql, values);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var texts = new List<string>();
        while (await rows.ReadAsync(Cancellation)) texts.Add(rows.GetString(0));
        return [.. texts];
    }

    static async Task<long> Number(NpgsqlDataSource source, string sql, params object[] values)
    {
        await using var command = Command(source, sql, values);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
