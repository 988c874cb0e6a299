using System.Net.ServerSentEvents;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Operations;
using OrderMonolith.Rebuilding;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>Operators look after the views over HTTP and from the command line, and see how far the work is.</summary>
public sealed class ProjectionRoutes(Postgres postgres)
{
    const string Summaries = "/v1/ops/projections/order_summaries";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rebuild_is_begun_watched_to_its_end_and_undone()
    {
        await using var node = await Seeded();
        var view = (await node.Send("GET", "/v1/ops/projections")).Content.GetProperty("items").EnumerateArray().Single(view => view.GetProperty("name").GetString() is "order_summaries");
        Assert.Equal(("Inline", "Current", false), (view.GetProperty("lifecycle").GetString(), view.GetProperty("state").GetString(), view.GetProperty("canRollBack").GetBoolean()));

        var begun = await node.Send("POST", Summaries + "/rebuilds", "{}");
        Assert.Equal(202, begun.Status);
        var location = begun.Header("Location")!;
        var events = await Watch(node, location);
        Assert.Equal("end", events[^1].Type);
        Assert.Equal("Switched", events[^1].Data.GetProperty("state").GetString());
        Assert.Equal((50, 0), (events[^1].Data.GetProperty("orders").GetInt32(), events[^1].Data.GetProperty("differences").GetInt32()));
        Assert.Equal("Switched", (await node.Send("GET", location)).Content.GetProperty("state").GetString());
        Assert.Equal(202, (await node.Send("DELETE", location)).Status);
        Assert.Equal("Switched", (await node.Send("GET", location)).Content.GetProperty("state").GetString());

        Assert.True((await node.Send("GET", Summaries)).Content.GetProperty("canRollBack").GetBoolean());
        var back = (await node.Send("POST", Summaries + "/rollbacks", "{}")).Header("Location")!;
        Assert.Equal("Switched", (await Watch(node, back))[^1].Data.GetProperty("state").GetString());
    }

    [Fact]
    public async Task One_at_a_time_and_the_second_who_asks_is_told_of_the_first()
    {
        await using var node = await Seeded();
        var rebuilds = node.Services.GetRequiredService<Rebuilds>();
        await using var nobodyElse = (await LockSession.TryFor(node.Services.GetRequiredService<NpgsqlDataSource>(), "rebuild order_summaries", Cancellation))!;
        var mine = await rebuilds.Request(new(Guid.CreateVersion7(), "order_summaries", "spec", DateTimeOffset.UtcNow));
        var begun = await node.Send("POST", Summaries + "/rebuilds", "{}");
        Assert.EndsWith(mine.Id.ToString(), begun.Header("Location"), StringComparison.Ordinal);
        Assert.Equal(mine.Id, (await node.Send("GET", Summaries)).Content.GetProperty("rebuild").GetGuid());

        // What would do something else is not answered with it.
        Assert.Equal("rebuild-under-way", (await node.Send("POST", Summaries + "/rollbacks", "{}")).Code);
        Assert.Equal("rebuild-under-way", (await node.Send("POST", Summaries + "/rebuilds", """{"acceptDifferences":true}""")).Code);

        // Who asked for it did not work on it: a node does.
        Assert.Equal(202, (await node.Send("DELETE", begun.Header("Location")!)).Status);
        await nobodyElse.LetGo(Cancellation);
        Assert.Equal("Cancelled", (await Watch(node, begun.Header("Location")!))[^1].Data.GetProperty("state").GetString());
    }

    [Fact]
    public async Task What_is_not_there_and_what_makes_no_sense_is_said()
    {
        await using var node = await Seeded();
        foreach (var (method, path) in new[] { ("GET", "/v1/ops/projections/none"), ("GET", Summaries + $"/rebuilds/{Guid.NewGuid()}"), ("DELETE", Summaries + $"/rebuilds/{Guid.NewGuid()}") })
            Assert.Equal("projection-not-found", (await node.Send(method, path)).Code);
        Assert.Equal("projection-not-found", (await node.Send("POST", "/v1/ops/projections/none/rebuilds", "{}")).Code);
        Assert.Equal("validation-failed", (await node.Send("POST", Summaries + "/skips", """{"sequence":1,"reason":"why not"}""")).Code);
        Assert.Equal("validation-failed", (await node.Send("POST", Summaries + "/skips", """{"sequence":0,"reason":""}""")).Code);
        Assert.Equal("validation-failed", (await node.Send("POST", Summaries + "/rebuilds", """{"acceptDifference":true}""")).Code);
    }

    [Fact]
    public async Task The_command_line_does_the_same_beside_a_node_that_serves()
    {
        await using var node = await Seeded();
        var listed = await BuiltProgram.Run(node.ConnectionString, "projections", "list");
        Assert.True(listed.Code is 0, listed.Error);
        Assert.Contains("order_summaries    version 1, Inline Current", listed.Out, StringComparison.Ordinal);

        var done = await BuiltProgram.Run(node.ConnectionString, "projections", "rebuild", "-p", "orders");
        Assert.True(done.Code is 0, done.Out + done.Error);
        Assert.StartsWith("orders: Switched, 50 orders with ", done.Out, StringComparison.Ordinal);

        await node.Query<object>("update views.mt_doc_order_summary set status = 'Lost' where id = (select min(id::text)::uuid from views.mt_doc_order_summary) returning 1");
        var refused = await BuiltProgram.Run(node.ConnectionString, "projections", "rebuild", "-p", "order_summaries", "--json");
        Assert.Equal(1, refused.Code);
        var told = JsonElement.Parse(refused.Out);
        Assert.Equal((1, "Refused"), (told.GetProperty("found").GetArrayLength(), told.GetProperty("rebuilds")[0].GetProperty("state").GetString()));
        Assert.Equal(0, (await BuiltProgram.Run(node.ConnectionString, "projections", "rebuild", "-p", "order_summaries", "--accept-differences")).Code);
        Assert.Equal(1, (await BuiltProgram.Run(node.ConnectionString, "projections", "rollback", "-p", "order_summaries")).Code);
        Assert.Equal(1, (await BuiltProgram.Run(node.ConnectionString, "projections", "rebuild", "-p", "none")).Code);
        Assert.Equal(2, (await BuiltProgram.Run(node.ConnectionString, "projections", "rollback")).Code);
        Assert.Equal(2, (await BuiltProgram.Run(node.ConnectionString, "projections", "skip", "-p", "order_summaries")).Code);
        Assert.Equal(1, (await BuiltProgram.Run(node.ConnectionString, "projections", "skip", "-p", "order_summaries", "--sequence", "1", "--reason", "none")).Code);
    }

    [Fact]
    public async Task A_rebuild_that_was_killed_goes_on_when_it_is_asked_for_again()
    {
        await using var node = await Seeded();
        await using (var block = await Blocked.Behind(node.ConnectionString, "lock table views.mt_doc_order_summary in access share mode"))
        {
            using var killed = BuiltProgram.Start(node.ConnectionString, "Inline", "projections", "rebuild", "-p", "order_summaries");
            await block.UntilSomebodyWaits(killed);
            killed.Kill();
            await killed.WaitForExitAsync(Cancellation);
        }

        var before = (await node.Send("GET", Summaries)).Content.GetProperty("rebuild").GetGuid();
        var done = await BuiltProgram.Run(node.ConnectionString, "projections", "rebuild", "-p", "order_summaries", "--json");
        Assert.True(done.Code is 0, done.Out + done.Error);
        Assert.Equal(before, JsonElement.Parse(done.Out).GetProperty("rebuilds")[0].GetProperty("id").GetGuid());
    }

    async Task<Monolith> Seeded()
    {
        var node = await Monolith.Start(postgres);
        await Seeding.Run(node.Services.GetRequiredService<IDocumentStore>(), node.Services.GetRequiredService<TimeProvider>(), 1, 50, new Seen(_ => { }), Cancellation);
        return node;
    }

    static async Task<List<(string Type, JsonElement Data)>> Watch(Monolith node, string location)
    {
        var answer = await node.Send("GET", location + "/progress");
        Assert.Equal("text/event-stream", answer.Response.Content.Headers.ContentType?.MediaType);
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(answer.Body));
        return [.. SseParser.Create(stream).Enumerate().Select(item => (item.EventType, JsonElement.Parse(item.Data)))];
    }
}
