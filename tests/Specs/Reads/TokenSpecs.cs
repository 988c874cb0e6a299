using System.Diagnostics;
using Npgsql;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Who sends a command's Consistency-Token with a read never reads anything older.</summary>
public sealed class TokenSpecs(Postgres postgres)
{
    [Theory]
    [InlineData("Inline", 20)]
    [InlineData("Async", 100)]
    public async Task A_command_is_in_what_is_read_with_its_token(string lifecycle, int times)
    {
        await using var monolith = await Start(lifecycle);
        for (var i = 1; i <= times; i++)
        {
            var created = await monolith.Send("POST", "/v1/orders", new { customerId = $"c{i}" });
            var summary = await monolith.Send("GET", created.Header("Location") + "/summary", null, Token(created));
            Assert.Equal((200, "\"1\""), (summary.Status, summary.Header("ETag")));

            var cancelled = await monolith.Send("POST", created.Header("Location") + "/cancel");
            var list = await monolith.Send("GET", $"/v1/orders?customerId=c{i}", null, Token(cancelled));
            Assert.Equal("Cancelled", list.Content.GetProperty("items")[0].GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task An_append_that_was_rolled_back_in_between_keeps_nobody_waiting()
    {
        await using var monolith = await Start("Async");
        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        await monolith.Query<long>("select nextval('events.mt_events_sequence')");
        var cancelled = await monolith.Send("POST", created.Header("Location") + "/cancel");
        Assert.True(Position(cancelled) > Position(created) + 1);

        var summary = await monolith.Send("GET", created.Header("Location") + "/summary", null, Token(cancelled), ("Prefer", "wait=30"));
        Assert.Equal((200, "\"2\""), (summary.Status, summary.Header("ETag")));
    }

    [Fact]
    public async Task A_view_that_has_stopped_says_so_in_time()
    {
        await using var monolith = await Start("Async");
        await Execute(monolith.ConnectionString, "alter table views.mt_doc_order_summary add constraint stuck check (false) not valid");
        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        var behind = await monolith.Send("GET", "/v1/orders", null, Token(created), ("Prefer", "wait=1"));
        Assert.Equal((503, "projection-behind", "1"), (behind.Status, behind.Code, behind.Header("Retry-After")));
    }

    [Fact]
    public async Task Many_who_wait_ask_the_database_no_more_often_than_one_does_and_nobody_asks_for_nobody()
    {
        var database = await postgres.CreateDatabaseAsync("token");
        await using var monolith = await Start("Async", database);
        await Execute(monolith.ConnectionString, "alter table views.mt_doc_order_summary add constraint stuck check (false) not valid");
        var token = Token(await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }));
        var asked = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = question =>
            {
                if (question.GetTagItem("db.namespace") as string == new NpgsqlConnectionStringBuilder(database).Database
                    && question.GetTagItem("db.query.text") is string text && text.StartsWith("select name, last_seq_id from events.mt_event_progression", StringComparison.Ordinal)) Interlocked.Increment(ref asked);
            },
        };
        ActivitySource.AddActivityListener(listener);

        var clock = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => monolith.Send("GET", "/v1/orders", null, token, ("Prefer", "wait=2"))));
        Assert.All(answers, answer => Assert.Equal("projection-behind", answer.Code));
        var meanwhile = asked;
        Assert.InRange(meanwhile, 10, clock.Elapsed / ViewProgress.Pause + 2);

        for (var i = 0; i < 20; i++) await monolith.Send("GET", "/v1/orders");
        Assert.InRange(asked, meanwhile, meanwhile + 1);
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_token_of_another_history_is_refused(string lifecycle)
    {
        var database = await postgres.CreateDatabaseAsync("token");
        (string, string) token;
        await using (var monolith = await Start(lifecycle, database))
        {
            token = Token(await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }));
            Assert.Equal(200, (await monolith.Send("GET", "/v1/orders", null, token)).Status);
            foreach (var other in new[] { "x", new string('*', 43), token.Item2[..^1], token.Item2 + "A", new ConsistencyToken(Guid.NewGuid(), 1, 1).ToString() })
                Assert.Equal("consistency-token-unknown", (await monolith.Send("GET", "/v1/orders", null, ("Consistency-Token", other))).Code);
        }

        await using var restored = await Start(lifecycle, await postgres.RestoreAsync(database));
        Assert.Equal("consistency-token-unknown", (await restored.Send("GET", "/v1/orders", null, token)).Code);
        Assert.Single((await restored.Send("GET", "/v1/orders")).Content.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_token_of_what_is_no_longer_there_is_refused()
    {
        await using var monolith = await Start("Async");
        var created = await monolith.Send("POST", "/v1/orders", new { customerId = "c1" });
        Assert.True(ConsistencyToken.TryParse(created.Header("Consistency-Token"), out var token));
        var future = (token with { Position = token.Position + 1 }).ToString();
        Assert.Equal("consistency-token-unknown", (await monolith.Send("GET", "/v1/orders", null, ("Consistency-Token", future))).Code);
    }

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task A_token_is_refused_where_another_event_stands_in_its_place(string lifecycle)
    {
        await using var monolith = await Start(lifecycle);
        var token = Token(await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }));
        Assert.Equal(200, (await monolith.Send("GET", "/v1/orders", null, token)).Status);

        // As after a restore beneath a running server, and other orders since.
        await Execute(monolith.ConnectionString, "update events.mt_events set id = gen_random_uuid()");
        Assert.Equal("consistency-token-unknown", (await monolith.Send("GET", "/v1/orders", null, token)).Code);
    }

    [Fact]
    public async Task Nobody_waits_longer_than_said_for_a_database_that_does_not_answer()
    {
        await using var monolith = await Start("Async");
        var token = Token(await monolith.Send("POST", "/v1/orders", new { customerId = "c1" }));
        await using var owner = NpgsqlDataSource.Create(monolith.ConnectionString);
        await using var holder = await owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var locked = new NpgsqlCommand("lock table events.mt_event_progression in access exclusive mode", holder, transaction);
        await locked.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var (clock, answer) = (Stopwatch.StartNew(), await monolith.Send("GET", "/v1/orders", null, token, ("Prefer", "wait=2")));
        Assert.Equal((503, "projection-behind"), (answer.Status, answer.Code));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8));
    }

    Task<Monolith> Start(string lifecycle, string? database = null) => Monolith.Start(postgres, database, ("OrderSummaries:Lifecycle", lifecycle));

    static (string, string) Token(Answer command) => ("Consistency-Token", command.Header("Consistency-Token")!);

    static long Position(Answer command) => ConsistencyToken.TryParse(command.Header("Consistency-Token"), out var token) ? token.Position : -1;

    static async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.AsOwner(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
