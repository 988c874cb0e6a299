using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Many clients at once, over HTTP.</summary>
public sealed class HammerSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith service = one.Service;

    [Fact]
    public async Task Sixteen_clients_on_one_order_all_get_their_turn()
    {
        var path = await Created();
        var answers = (await Task.WhenAll(Enumerable.Range(0, 16).Select(client => Hammer(path, client)))).SelectMany(its => its).ToList();

        Assert.All(answers, answer => Assert.True(answer.Status is 200 or 409 or 412));
        Assert.Equal(320, answers.Count);
        Assert.All(answers.Where(answer => answer.Status is not 200), answer => Assert.Equal("version-conflict", answer.Code));
        Assert.InRange(answers.Count(answer => answer.Status is 200), 280, 320);

        var accepted = answers.Where(answer => answer.Status is 200).Select(answer => answer.Content.GetProperty("version").GetInt64());
        var versions = await Stored<long>(path, "array_agg(version order by seq_id)");
        Assert.Equal(Enumerable.Range(1, versions.Length).Select(version => (long)version), versions);
        Assert.Equal(versions[2..], accepted.Order());
        var times = await Stored<DateTime>(path, "array_agg(timestamp order by version)");
        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public async Task A_client_that_hangs_up_takes_nothing_from_others()
    {
        var path = await Created();
        await using var source = NpgsqlDataSource.Create(service.ConnectionString);
        await using var blocker = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var blocked = await blocker.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var row = new NpgsqlCommand($"select * from events.mt_streams where id = '{Id(path)}' for update", blocker, blocked);
        await row.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        using var client = ((TestServer)service.Services.GetRequiredService<IServer>()).CreateClient();
        using var impatience = new CancellationTokenSource();
        var abandoned = client.PostAsJsonAsync(path + "/items", Tea, Json.Stored, impatience.Token);
        while (await service.Query<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0)
            await Task.Yield();
        var patient = service.Send("POST", path + "/items", Tea);
        await impatience.CancelAsync();
        await blocked.RollbackAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        Assert.Equal((200, "\"4\""), ((await patient).Status, (await patient).Header("ETag")));
    }

    [Fact]
    public async Task Every_event_says_who_from_what_and_when()
    {
        var path = await Created();
        await service.Send("POST", path + "/items", Tea, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        Assert.Equal("anonymous", await service.Query<string>($"select user_name from events.mt_events where stream_id = '{Id(path)}' and version = 3"));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", await service.Query<string>($"select correlation_id from events.mt_events where stream_id = '{Id(path)}' and version = 3"));
        Assert.Equal(0, await service.Query<long>($"select count(*) from events.mt_events where causation_id is null or correlation_id is null or user_name is null"));
        Assert.Equal(1, await service.Query<long>($"select count(distinct causation_id) from events.mt_events where stream_id = '{Id(path)}' and version < 3"));
        Assert.Equal(2, await service.Query<long>($"select count(distinct causation_id) from events.mt_events where stream_id = '{Id(path)}'"));
    }

    static object Tea => new { productId = "tea", quantity = 1, unitPrice = 9.5m };

    /// <summary>Twenty commands one after another: mostly adds, some removals of what may not be there, some with a version that may be old.</summary>
    async Task<List<Answer>> Hammer(string path, int client)
    {
        var answers = new List<Answer>();
        var version = 2L;
        for (var i = 0; i < 20; i++)
        {
            var answer = i % 10 == 9
                ? await service.Send("DELETE", path + "/items/tea?quantity=1")
                : await service.Send("POST", path + "/items", Tea, i == 4 && client % 4 == 0 ? [("If-Match", $"\"{version}\"")] : []);
            if (answer.Status is 200) version = answer.Content.GetProperty("version").GetInt64();
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>The path of a new order with one tea.</summary>
    async Task<string> Created() => (await service.Send("POST", "/v1/orders", new { customerId = "ada", items = new[] { Tea } })).Header("Location")!;

    Task<T[]> Stored<T>(string path, string what) => service.Query<T[]>($"select {what} from events.mt_events where stream_id = '{Id(path)}'");

    static string Id(string path) => path.Split('/')[^1];
}
