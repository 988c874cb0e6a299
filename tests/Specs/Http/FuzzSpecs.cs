using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using OrderMonolith.Http;

namespace OrderMonolith.Specs;

/// <summary>No request, however broken, gets a 500 or leaves anything half done.</summary>
public sealed class FuzzSpecs(Postgres postgres)
{
    static readonly TimeSpan Enough = TimeSpan.FromSeconds(Thorough.Is ? 45 : 4);

    [Theory]
    [InlineData("Inline")]
    [InlineData("Async")]
    public async Task Whatever_is_sent_is_answered_in_order_and_only_what_was_accepted_is_done(string lifecycle)
    {
        var connection = await postgres.CreateDatabaseAsync("specs");
        await using var service = OnSocket.Start(connection, ("OrderSummaries:Lifecycle", lifecycle));
        var seed = Environment.TickCount;
        var (orders, tokens, created) = (new string[5], new string[5], 0);
        while (created < orders.Length) Created(await service.Send("POST /v1/orders", ["Content-Type: application/json"], """{"customerId":"c1"}"""u8.ToArray()));

        var nasties = new Nasties(new(seed), orders, tokens);
        var (clock, sent) = (Stopwatch.StartNew(), 0);
        for (; clock.Elapsed < Enough || sent < 300; sent++)
        {
            var request = nasties.Next();
            var answer = await service.Send(request.Line, request.Headers, request.Body);
            Assert.True(IsInOrder(answer, request.Line), $"seed {seed}, request {sent}: {request.Line} {string.Join(' ', request.Headers)} {Convert.ToHexString(request.Body ?? [])}\n{answer}");
            if (answer.Status == 201 && !answer.Headers.ContainsKey("Idempotent-Replayed")) Created(answer);
        }

        Assert.Empty(service.Logged.Errors);
        await using var database = NpgsqlDataSource.Create(connection);
        Assert.Equal((created, created, 0), (await Count("events.mt_streams"), await Count("events.mt_events where version = 1 and type = 'order_created'"),
            await Count("views.mt_doc_order o full join events.mt_streams s using (id) where o.id is null or s.id is null or (o.data->>'version')::bigint <> s.version")));

        void Created(RawAnswer answer)
        {
            var place = created++ % orders.Length;
            (orders[place], tokens[place]) = (answer.Headers["Location"].Split('/')[^1], answer.Headers["Consistency-Token"]);
        }

        async Task<int> Count(string from)
        {
            await using var command = database.CreateCommand($"select count(*)::int from {from}");
            return (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        }
    }

    static bool IsInOrder(RawAnswer answer, string line)
    {
        // What the server itself cannot take for HTTP it refuses with a bare status.
        if (answer is { Status: 400 or 414 or 431, Body: "" } && !answer.Headers.ContainsKey("X-Content-Type-Options")) return true;

        // A view that follows from behind may ask to come back.
        if (answer.Status is not (>= 200 and < 500) && (answer.Status, answer.Headers.GetValueOrDefault("Retry-After")) is not (503, "1")) return false;
        if (answer.Status < 400 || line.StartsWith("HEAD", StringComparison.Ordinal)) return true;
        return answer.Code is { } code && Problems.Kinds[code].Status == answer.Status && JsonElement.Parse(answer.Body).GetProperty("status").GetInt32() == answer.Status;
    }
}
