using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>The service dies in the middle of its work, again and again. Callers who send once more, with its key, what they got no answer to lose nothing and do nothing twice.</summary>
public sealed class KilledServices(Postgres postgres)
{
    const int Clients = 16;

    readonly ConcurrentBag<KeyedRequest> sent = [];
    readonly ConcurrentBag<string> orders = [];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_command_has_its_effect_once_and_is_answered_alike()
    {
        var kills = Thorough.Is ? 10 : 2;
        var database = await postgres.CreateDatabaseAsync("killed");
        var (cutOff, committed) = (0, 0);
        for (var life = 0; life <= kills; life++)
        {
            await using var service = await ServingProgram.Start(database);
            var unanswered = sent.Where(one => one.Answer is null).ToList();
            await Each(unanswered, one => one.Send(service.Client));
            Assert.All(unanswered, one => Assert.NotNull(one.Answer));
            (cutOff, committed) = (cutOff + unanswered.Count, committed + unanswered.Count(one => one.Replayed));
            if (life < kills) await UseUntilKilled(service);
            else await Each(sent, one => one.Send(service.Client));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent.Count} commands, {cutOff} without an answer at first, {committed} of these had been committed"));
        Assert.InRange(cutOff, kills, sent.Count);
        Assert.All(sent, one => Assert.True(one.Replayed));
        Assert.Equal(sent.Where(one => one.Answer!.Events > 0).ToDictionary(one => one.Key, one => one.Answer!.Events), await EventsByCause(database));
    }

    /// <summary>All clients at once, until one of them kills the service.</summary>
    async Task UseUntilKilled(ServingProgram service)
    {
        var left = Random.Shared.Next(100, 500);
        await Each(Enumerable.Range(0, Clients), async _ =>
        {
            while (Volatile.Read(ref left) > 0)
            {
                var request = Next();
                await request.Send(service.Client, Random.Shared.Next(20) == 0 ? TimeSpan.FromMilliseconds(Random.Shared.Next(5)) : Timeout.InfiniteTimeSpan);
                if (request.Answer?.Location is { } order) orders.Add(order);
                if (Interlocked.Decrement(ref left) == 0) service.Kill();
            }
        });
    }

    /// <summary>Something new, or now and then what was sent before, answered or not.</summary>
    KeyedRequest Next()
    {
        if (Random.Shared.Next(10) == 0 && sent.TryPeek(out var before)) return before;
        var order = orders.TryPeek(out var one) && Random.Shared.Next(4) > 0 ? one : null;
        var next = order is null ? new KeyedRequest("POST", "/v1/orders", """{"customerId":"c1","items":[{"productId":"tea","quantity":2,"unitPrice":9.5}]}""")
            : Random.Shared.Next(2) == 0 ? new("POST", order + "/items", """{"productId":"tea","quantity":1,"unitPrice":9.5}""")
            : new("DELETE", order + "/items/tea?quantity=1");
        sent.Add(next);
        return next;
    }

    static Task Each<T>(IEnumerable<T> items, Func<T, Task> act) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = Cancellation }, async (item, _) => await act(item));

    static async Task<Dictionary<string, int>> EventsByCause(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("select causation_id, count(*)::int from events.mt_events group by causation_id");
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var events = new Dictionary<string, int>();
        while (await rows.ReadAsync(Cancellation)) events.Add(rows.GetString(0), rows.GetInt32(1));
        return events;
    }
}
