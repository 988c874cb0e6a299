using System.Globalization;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>The view's writer is held back again and again, and appends are rolled back in between. Who reads with the token of a write waits, and reads it.</summary>
public sealed class HeldBackViews(Postgres postgres)
{
    /// <summary>What is done in transactions that are rolled back: for how many seconds at most, and with how many in between.</summary>
    static readonly (string Sql, double Lasts, double Rests)[] Troubles =
    [
        ("lock table views.mt_doc_order_summary in exclusive mode", 2, 0.1),
        ("select nextval('events.mt_events_sequence'), pg_current_xact_id()", 0.2, 8),
    ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_reads_what_was_before_the_own_write()
    {
        var (pairs, clients) = Thorough.Is ? (10_000, 500) : (300, 100);
        await using var monolith = await Monolith.Start(postgres, null, ("OrderSummaries:Lifecycle", "Async"));
        await using var owner = NpgsqlDataSource.Create(monolith.ConnectionString);
        using var enough = new CancellationTokenSource();
        var troubles = Troubles.Select(trouble => Again(owner, trouble.Sql, trouble.Lasts, trouble.Rests, enough.Token)).ToList();

        var left = pairs;
        await Task.WhenAll(Enumerable.Range(1, clients).Select(async client =>
        {
            for (Answer? last = null; Interlocked.Decrement(ref left) >= 0;) last = await WriteAndRead(monolith, $"c{client}", last);
        }));

        await enough.CancelAsync();
        var times = await Task.WhenAll(troubles);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{pairs} pairs, the writer held back {times[0]} times, {times[1]} appends rolled back"));
        Assert.True(times[0] > 1);
        Assert.True(await monolith.Query<bool>("select max(seq_id) > count(*) from events.mt_events"), "No append was rolled back in between.");
    }

    /// <summary>Changes the customer's order, or starts another, and finds it so.</summary>
    static async Task<Answer> WriteAndRead(Monolith monolith, string customer, Answer? last)
    {
        var written = last?.Content.GetProperty("version").GetInt64() is { } version and < 8
            ? await monolith.Send("POST", $"/v1/orders/{last.Content.GetProperty("id")}/items", new { productId = "tea", quantity = 1, unitPrice = version })
            : await monolith.Send("POST", "/v1/orders", new { customerId = customer });
        var (order, etag) = (written.Content.GetProperty("id").GetString(), written.Header("ETag"));
        var byList = Random.Shared.Next(2) == 0;
        var read = await monolith.Send("GET", byList ? $"/v1/orders?customerId={customer}&sort=-lastUpdated&limit=1" : $"/v1/orders/{order}/summary", null,
            ("Consistency-Token", written.Header("Consistency-Token")!), ("Prefer", "wait=30"));

        Assert.True(read.Status is 200, read.Body);
        var summary = byList ? read.Content.GetProperty("items")[0] : read.Content;
        Assert.Equal((order, etag), (summary.GetProperty("orderId").GetString(), $"\"{summary.GetProperty("version")}\""));
        return written;
    }

    /// <summary>Makes trouble time and again; how often it did.</summary>
    static async Task<int> Again(NpgsqlDataSource owner, string sql, double lasts, double rests, CancellationToken enough)
    {
        await using var connection = await owner.OpenConnectionAsync(Cancellation);
        var times = 0;
        for (; !enough.IsCancellationRequested; times++)
        {
            await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
            {
                await using var command = new NpgsqlCommand(sql, connection, transaction);
                await command.ExecuteNonQueryAsync(Cancellation);
                await Task.Delay(TimeSpan.FromSeconds(lasts * Random.Shared.NextDouble()), Cancellation);
            }

            await Task.Delay(TimeSpan.FromSeconds(rests * Random.Shared.NextDouble()), enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return times;
    }
}
