using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Connections break at the worst moments. Who sends the command again with its key has its effect once, and learns how it ended.</summary>
public sealed class KeyFaultSpecs(KeyFaultSpecs.BrittleMonolith brittle) : IClassFixture<KeyFaultSpecs.BrittleMonolith>
{
    static readonly object Pot = new { productId = "pot", quantity = 1, unitPrice = 12.5m };

    readonly Monolith monolith = brittle.Service;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<BreakAt, string> Faults => [.. from moment in Enum.GetValues<BreakAt>() from command in (string[])["create", "add", "remove", "refused"] select (moment, command)];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_was_committed_is_repeated_and_what_was_not_is_done(BreakAt moment, string command)
    {
        var (order, key) = (await NewOrder(), Guid.NewGuid().ToString());
        (string, string, object?) request = command switch
        {
            "create" => ("POST", "/v1/orders", new { customerId = "c1", items = new[] { Pot } }),
            "add" => ("POST", order + "/items", Pot),
            "remove" => ("DELETE", order + "/items/pot?quantity=1", null),
            _ => ("DELETE", order + "/items/jam", null),
        };
        await using var held = moment is BreakAt.Commit ? await brittle.HoldCommits() : null;
        brittle.Line.Break(moment, StoredOutcome);
        var broken = await Send(request, key);
        var sentAgain = Send(request, key);
        if (held is not null)
        {
            await AreWaiting(2);
            await held.DisposeAsync();
        }

        var (retry, repeat) = (await sentAgain, await Send(request, key));
        Assert.Equal((503, "storage-unavailable", "5"), (broken.Status, broken.Code, broken.Header("Retry-After")));
        Assert.Equal(command switch { "create" => 201, "refused" => 404, _ => 200 }, retry.Status);
        Assert.Equal((moment is BreakAt.Commit or BreakAt.Committed ? "true" : null, "true"), (retry.Header("Idempotent-Replayed"), repeat.Header("Idempotent-Replayed")));
        Assert.Equal(Told(retry), Told(repeat));
        Assert.Equal(command switch { "create" => 2, "refused" => 0, _ => 1 }, await Events(key));
    }

    [Fact]
    public async Task Who_hung_up_asks_again_and_gets_the_answer()
    {
        var (order, key) = (await NewOrder(), Guid.NewGuid().ToString());
        using var client = ((TestServer)monolith.Services.GetRequiredService<IServer>()).CreateClient();
        client.DefaultRequestHeaders.Add("Idempotency-Key", key);
        using var impatience = new CancellationTokenSource();
        await using var held = await brittle.HoldCommits();
        var abandoned = client.PostAsJsonAsync(order + "/items", Pot, Json.Stored, impatience.Token);
        await AreWaiting(1);
        await impatience.CancelAsync();
        var retry = Send(("POST", order + "/items", Pot), key);
        await held.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        Assert.Equal((200, "\"3\"", "true"), ((await retry).Status, (await retry).Header("ETag"), (await retry).Header("Idempotent-Replayed")));
        Assert.Equal(1, await Events(key));
    }

    /// <summary>What only a command with a key writes.</summary>
    static ReadOnlySpan<byte> StoredOutcome => "\"request\":"u8;

    async Task<string> NewOrder() => (await monolith.Send("POST", "/v1/orders", new { customerId = "c1", items = new[] { Pot } })).Header("Location")!;

    Task<Answer> Send((string Method, string Path, object? Body) request, string key) => monolith.Send(request.Method, request.Path, request.Body, ("Idempotency-Key", key));

    /// <summary>All of an answer that a repeat has to tell alike. A problem is told with the trace of its own request.</summary>
    static (int, string?, string?, string?, string?) Told(Answer answer) =>
        (answer.Status, answer.Code ?? answer.Body, answer.Header("ETag"), answer.Header("Location"), answer.Header("Consistency-Token"));

    Task<long> Events(string key) => monolith.Query<long>($"select count(*) from events.mt_events where causation_id = '{key}'");

    async Task AreWaiting(int transactions)
    {
        const string waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        await Eventually.That(async () => await monolith.Query<long>(waiting) >= transactions);
    }

    /// <summary>A service on a line to its database that breaks, and whose commits can be held.</summary>
    public sealed class BrittleMonolith(Postgres postgres) : IAsyncLifetime
    {
        const string Holdable = """
            create function wait() returns trigger language plpgsql as $$ begin
                perform pg_advisory_xact_lock_shared(4711);
                return null;
            end $$;
            create constraint trigger holdable after insert on views.mt_doc_command_outcome deferrable initially deferred for each row execute function wait();
            """;

        string direct = "";

        public BrittleLine Line { get; private set; } = null!;

        public Monolith Service { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var database = await postgres.CreateDatabaseAsync("brittle");
            direct = new NpgsqlConnectionStringBuilder(Postgres.AsOwner(database)) { Pooling = false }.ConnectionString;
            Line = new(database);
            Service = await Monolith.Start(postgres, Line.ConnectionString);
            await using var source = NpgsqlDataSource.Create(direct);
            await using var trigger = source.CreateCommand(Holdable);
            await trigger.ExecuteNonQueryAsync();
        }

        /// <summary>Keeps commands with a key from being committed, until the connection is closed.</summary>
        public async Task<NpgsqlConnection> HoldCommits()
        {
            var connection = new NpgsqlConnection(direct);
            await connection.OpenAsync(Cancellation);
            await using var hold = new NpgsqlCommand("select pg_advisory_lock(4711)", connection);
            await hold.ExecuteNonQueryAsync(Cancellation);
            return connection;
        }

        public async ValueTask DisposeAsync()
        {
            await Service.DisposeAsync();
            await Line.DisposeAsync();
        }
    }
}
