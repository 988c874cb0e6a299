using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using static OrderMonolith.Specs.Carts;
using static OrderMonolith.Specs.Refusals;

namespace OrderMonolith.Specs;

/// <summary>Messages whose handler failed for good: they are seen, tried again with one effect, changed or given up.</summary>
public sealed class LetterSpecs(Postgres postgres)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_keeps_failing_is_listed_with_all_there_is_to_know_and_has_its_one_effect_when_it_is_tried_again()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = (await node.BegunInVain(1))[0];
        var id = (await node.LetterIds())[0];

        var letter = (await node.Send("GET", $"{Letters}/{id}")).Content;
        Assert.Equal(("Message", "abandon_order", order, 4, "Waiting"), (letter.GetProperty("kind").GetString(), letter.GetProperty("type").GetString(),
            letter.GetProperty("orderId").GetGuid(), letter.GetProperty("attempts").GetInt32(), letter.GetProperty("state").GetString()));
        Assert.Equal($$"""{"orderId":"{{order}}"}""", letter.GetProperty("message").GetRawText());
        Assert.Contains("Exception", letter.GetProperty("exceptionType").GetString(), StringComparison.Ordinal);
        Assert.Contains("refused", letter.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Contains("abandonment", letter.GetProperty("target").GetString(), StringComparison.Ordinal);
        Assert.False((await node.Send("GET", Letters)).Content.GetProperty("items")[0].TryGetProperty("message", out _));

        await node.AllowCancelling();
        var tries = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => node.Send("POST", $"{Letters}/{id}/retries")));
        Assert.All(tries, tried => Assert.Equal((202, "Retried"), (tried.Status, tried.Content.GetProperty("state").GetString())));
        await Eventually.That(async () => await node.Of(order) is ("Cancelled", 3));

        var again = await node.Send("POST", $"{Letters}/{id}/retries");
        Assert.Equal((202, "anonymous"), (again.Status, again.Content.GetProperty("treatment").GetProperty("by").GetString()));
        await Eventually.That(async () => await node.Waiting() is 0);
        Assert.Equal(("Cancelled", 3), await node.Of(order));
        Assert.Empty(await node.LetterIds());
        Assert.Equal([id], await node.LetterIds("?state=Retried"));
        Assert.Equal("dead-letter-conflict", (await node.Send("POST", $"{Letters}/{id}/discards", new { reason = "too late" })).Code);
    }

    [Fact]
    public async Task One_that_fails_again_waits_again()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        await node.BegunInVain(1);
        var id = (await node.LetterIds())[0];
        var first = await FailedAt();

        Assert.Equal(202, (await node.Send("POST", $"{Letters}/{id}/retries")).Status);
        await Eventually.That(async () => (await node.LetterIds()).Contains(id) && await FailedAt() > first);

        await node.AllowCancelling();
        Assert.Equal(202, (await node.Send("POST", $"{Letters}/{id}/retries")).Status);
        await Eventually.That(async () => await node.Query<long>("select count(*) from events.mt_events where type = 'order_cancelled'") is 1);

        async Task<DateTimeOffset> FailedAt() => (await node.Send("GET", $"{Letters}/{id}")).Content.GetProperty("failedAt").GetDateTimeOffset();
    }

    [Fact]
    public async Task Another_message_does_not_go_instead_unless_it_can_be_read()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = (await node.BegunInVain(1))[0];
        var id = (await node.LetterIds())[0];
        await node.AllowCancelling();
        var other = await node.Begun(5);

        foreach (var wrong in (string[])["""{"orderId":"nonsense"}""", """{"order":"x"}""", "{}", "7", $$"""{"orderId":"{{other}}","reason":"x"} """])
            Assert.Equal((wrong, "validation-failed"), (wrong, (await node.Send("POST", $"{Letters}/{id}/retries", $$"""{"message":{{wrong}} }""")).Code));
        Assert.Equal([id], await node.LetterIds());
        Assert.Equal(("Pending", 2), await node.Of(order));
    }

    [Fact]
    public async Task The_other_message_has_its_effect_and_the_first_has_none()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = (await node.BegunInVain(1))[0];
        var id = (await node.LetterIds())[0];
        var other = await node.Begun(90, Specification.Confirmed);
        await node.AllowCancelling();

        var answer = await node.Send("POST", $"{Letters}/{id}/retries", $$"""{"message":{"orderId":"{{other}}"} }""");
        Assert.Equal((202, order), (answer.Status, answer.Content.GetProperty("orderId").GetGuid()));
        await Eventually.That(async () => await node.Query<bool>($"select exists (select from wolverine.wolverine_incoming_envelopes where id = '{id["message-".Length..]}' and status = 'Handled')"));
        Assert.Equal(("Confirmed", 3), await node.Of(other));
        Assert.Equal(("Pending", 2), await node.Of(order));
    }

    [Fact]
    public async Task Many_are_tried_again_at_once_after_a_dry_run_and_lists_of_them_have_pages()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var orders = await node.BegunInVain(7);
        var all = await node.LetterIds();
        var walked = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = (await node.Send("GET", $"{Letters}?kind=Message&limit=3{(next.Length > 0 ? $"&cursor={next}" : "")}")).Content;
            walked.AddRange(page.GetProperty("items").EnumerateArray().Select(letter => letter.GetProperty("id").GetString()!));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal(all, walked);
        await node.AllowCancelling();
        var dry = (await node.Send("POST", $"{Letters}/retries", new { type = "abandon_order", dryRun = true })).Content;
        Assert.Equal((7, true), (dry.GetProperty("items").GetArrayLength(), dry.GetProperty("dryRun").GetBoolean()));
        Assert.Equal(7, (await node.LetterIds()).Count);
        Assert.Equal(0, (await node.Send("POST", $"{Letters}/retries", new { kind = "Message", type = "another" })).Content.GetProperty("items").GetArrayLength());

        var some = (await node.Send("POST", $"{Letters}/retries", new { ids = new[] { all[0], "message-none", all[0] } })).Content.GetProperty("items");
        Assert.Equal(["Retried", "dead-letter-not-found"], some.EnumerateArray().Select(one => one.TryGetProperty("problem", out var problem) ? problem.GetString() : one.GetProperty("state").GetString()));
        Assert.Equal(6, (await node.Send("POST", $"{Letters}/retries", new { kind = "Message" })).Content.GetProperty("items").GetArrayLength());
        await Eventually.That(async () => await node.Query<long>("select count(*) from events.mt_events where type = 'order_cancelled'") == orders.Count);
        foreach (var order in orders) Assert.Equal(("Cancelled", 3), await node.Of(order));
    }

    [Fact]
    public async Task One_that_is_given_up_is_never_tried_again_and_who_said_so_is_kept()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var order = (await node.BegunInVain(1))[0];
        var id = (await node.LetterIds())[0];

        Assert.Equal("validation-failed", (await node.Send("POST", $"{Letters}/{id}/discards", new { })).Code);
        for (var time = 0; time < 2; time++) Assert.Equal(200, (await node.Send("POST", $"{Letters}/{id}/discards", new { reason = "settled by hand" })).Status);
        Assert.Empty(await node.LetterIds());
        var kept = (await node.Send("GET", $"{Letters}?state=Discarded")).Content.GetProperty("items")[0];
        Assert.Equal((id, order, "anonymous", "settled by hand"), (kept.GetProperty("id").GetString(), kept.GetProperty("orderId").GetGuid(),
            kept.GetProperty("treatment").GetProperty("by").GetString(), kept.GetProperty("treatment").GetProperty("reason").GetString()));

        await node.AllowCancelling();
        Assert.Equal("dead-letter-conflict", (await node.Send("POST", $"{Letters}/{id}/retries")).Code);
        Assert.Equal(("Pending", 2), await node.Of(order));
    }

    [Fact]
    public async Task What_means_no_letter_is_refused()
    {
        await using var node = await Monolith.Start(postgres);
        foreach (var id in (string[])["none", "message-", "message-7", $"message-{Guid.NewGuid()}", "delivery-a-b", $"delivery-rabbitmq-{Guid.NewGuid()}-1", "event-sales-1", "event-none-x", "Message-1", "message-%FF"])
            Assert.Contains((await node.Send("GET", $"{Letters}/{id}")).Code, (string[])["dead-letter-not-found", "malformed-request", "validation-failed", "route-not-found"]);
        foreach (var query in (string[])["?kind=7", "?state=Lost", "?limit=0", "?limit=201", "?cursor=x", "?cursor=MHxtZXNzYWdlLXh8eA", "?nothing=1", "?type=%00"])
            Assert.Equal("validation-failed", (await node.Send("GET", Letters + query)).Code);
        foreach (var id in (string[])["message-\\u0000", "delivery-\\u0000-1", "event-\\u0000-1"])
            Assert.Equal("dead-letter-not-found", (await node.Send("POST", $"{Letters}/retries", $$"""{"ids":["{{id}}"]}""")).Content.GetProperty("items")[0].GetProperty("problem").GetString());
        foreach (var body in (string[])["{}", """{"ids":[],"kind":"Message"}""", """{"kind":"7"}""", """{"type":"\u0000"}"""])
            Assert.Equal("validation-failed", (await node.Send("POST", $"{Letters}/retries", body)).Code);
    }

    [Fact]
    public async Task How_many_wait_is_a_metric()
    {
        using var gauge = new Gauge();
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        await node.BegunInVain(2);
        await Eventually.That(() => Task.FromResult(gauge.Of(node, "Message") is 2));
        Assert.Equal(0, gauge.Of(node, "Delivery"));
    }

    [Fact]
    public async Task Operators_have_a_command_for_it()
    {
        await using var node = await Monolith.Start(postgres, null, AfterAnHour);
        var orders = await node.BegunInVain(3);
        var ids = await node.LetterIds();
        var edited = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.json");
        await File.WriteAllTextAsync(edited, """{"orderId":"nonsense"}""", Cancellation);

        Assert.Contains($"{ids[0]} ", (await Run("list")).Out, StringComparison.Ordinal);
        Assert.Equal(3, System.Text.Json.JsonElement.Parse((await Run("list", "--kind", "message", "--json")).Out).GetProperty("found").GetArrayLength());
        Assert.Contains("\"message\": {", (await Run("show", ids[0], "--json")).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await Run("show", "message-none")).Code);
        Assert.Equal(2, (await Run("discard", ids[0])).Code);
        Assert.Equal(0, (await Run("discard", ids[0], "--reason", "by hand")).Code);
        Assert.Equal(1, (await Run("retry", ids[1], "--edit", edited)).Code);
        Assert.Equal(2, (await Run("retry", ids[1], "--edit", edited, "--dry-run")).Code);
        Assert.Equal(2, (await Run("retry", ids[1], ids[2], "--edit", edited)).Code);
        Assert.Equal(2, (await Run("retry", "--all", "--edit", edited)).Code);
        Assert.Equal(2, (await Run("retry")).Code);
        Assert.Contains("2 would be tried again", (await Run("retry", "--all", "--dry-run")).Out, StringComparison.Ordinal);
        await node.AllowCancelling();
        Assert.Equal(1, (await Run("retry", ids[1], "message-none")).Code);
        Assert.Equal(0, (await Run("retry", "--all", "--type", "abandon_order")).Code);
        await Eventually.That(async () => await node.Query<long>("select count(*) from events.mt_events where type = 'order_cancelled'") is 2);
        Assert.Single(await Task.WhenAll(orders.Select(node.Of)), order => order.Status is "Pending");

        Task<ProgramRun> Run(params string[] words) => BuiltProgram.Run(node.ConnectionString, ["dead-letters", .. words]);
    }

    /// <summary>What the gauges of nodes say.</summary>
    sealed class Gauge : IDisposable
    {
        readonly MeterListener listener = new();
        readonly Dictionary<(object, string), long> values = [];

        public Gauge()
        {
            listener.InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name is "orders.dead_letters") listening.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => values[(instrument.Meter.Scope!, (string)tags[0].Value!)] = value);
            listener.Start();
        }

        public long Of(Monolith node, string kind)
        {
            listener.RecordObservableInstruments();
            return values.GetValueOrDefault((node.Services.GetRequiredService<IMeterFactory>(), kind));
        }

        public void Dispose() => listener.Dispose();
    }
}
