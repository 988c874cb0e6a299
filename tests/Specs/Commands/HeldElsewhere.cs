using System.Diagnostics;
using Npgsql;
using OrderMonolith.Commands;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>Another node may hang before its COMMIT. Who needs what it holds is told so soon, and the others hardly wait.</summary>
public sealed class HeldElsewhere(OneMonolith one) : IClassFixture<OneMonolith>
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    readonly Batches batches = new(one.Service);

    [Theory]
    [InlineData(false, "concurrent-change")]
    [InlineData(true, "idempotency-key-in-use")]
    public async Task Who_needs_a_held_order_is_told_so_and_the_others_are_served(bool keyed, string code)
    {
        var (held, other) = (await batches.NewOrder(), await batches.NewOrder());
        var command = On(held, Tea) with { Key = keyed ? NewKey() : null };
        await using (await Hold($"select from events.mt_streams where id = '{held}' for update"))
        {
            var outcomes = await Soonest(On(other, Tea), command, On(other, Tea));
            Assert.Equal((3, code, 4), (outcomes[0].Order?.Version, outcomes[1].Rejection?.Code, outcomes[2].Order?.Version));
        }

        Assert.Equal(3, (await batches.Runner.Run(command)).Order?.Version);
    }

    [Fact]
    public async Task Who_comes_with_a_held_key_is_told_so_and_the_others_are_served()
    {
        var (id, other, key) = (await batches.NewOrder(), await batches.NewOrder(), NewKey());
        await using (await Hold($"insert into views.mt_doc_command_outcome (id, data, at) values ('{key.Id}', '{{}}', now())"))
        {
            var outcomes = await Soonest(On(other, Tea), On(id, Tea) with { Key = key }, On(id, Tea));
            Assert.Equal((3, "idempotency-key-in-use", 3), (outcomes[0].Order?.Version, outcomes[1].Rejection?.Code, outcomes[2].Order?.Version));
        }

        Assert.Equal(4, (await batches.Runner.Run(On(id, Tea) with { Key = key })).Order?.Version);
    }

    [Fact]
    public async Task However_much_is_held_the_others_wait_once()
    {
        var other = await batches.NewOrder();
        var held = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => batches.NewOrder()));
        await using var holder = await Hold($"select from events.mt_streams where id in ({string.Join(",", held.Select(id => $"'{id}'"))}) for update");
        var outcomes = await Soonest([.. held.Select(id => On(id, Tea)), On(other, Tea)]);
        Assert.All(outcomes[..^1], outcome => Assert.Equal("concurrent-change", outcome.Rejection?.Code));
        Assert.Equal(3, outcomes[^1].Order?.Version);
    }

    [Fact]
    public async Task Should_this_node_hang_PostgreSQL_undoes_what_it_began()
    {
        var id = await batches.NewOrder();
        await one.Service.Query<object>("""
            create table limits(silence text);
            create function note() returns trigger language plpgsql security definer as $$ begin
                insert into limits values (current_setting('idle_in_transaction_session_timeout'));
                return new;
            end $$;
            create trigger noted before insert on events.mt_events for each row execute function note();
            select 1;
            """);
        await batches.Run(id, Tea);
        Assert.Equal("10s", await one.Service.Query<string>("select silence from limits"));
        await one.Service.Query<object>("drop trigger noted on events.mt_events; select 1");
    }

    static CommandKey NewKey() => new($"{Guid.NewGuid()}", "the request", Minimal: false);

    async Task<Outcome[]> Soonest(params CommandEnvelope[] envelopes)
    {
        var tasks = await batches.Together(envelopes);
        var clock = Stopwatch.StartNew();
        var outcomes = await Task.WhenAll(tasks);
        Assert.True(clock.Elapsed < Soon, $"{clock.Elapsed}");
        return outcomes;
    }

    /// <summary>What another session does and does not commit, until it is closed.</summary>
    async Task<NpgsqlConnection> Hold(string sql)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(one.Service.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("begin; " + sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
