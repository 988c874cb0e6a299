using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrderMonolith.History;
using OrderMonolith.Import;

namespace OrderMonolith.Specs;

/// <summary>The commands as people and scripts run them: what is printed where, and how they end.</summary>
public sealed class CommandLineRuns(Postgres postgres)
{
    [Fact]
    public async Task Import_seed_and_verify_answer_with_JSON_and_0_and_verify_with_1_where_it_finds_something()
    {
        await using var shop = await LegacyShop.Open(postgres);
        shop.Row("1", "A").Row("2", "A", "0").Write();

        var import = await Run(shop, "import", shop.File, "--json");
        Assert.Equal((0, 1, 1), (import.Code, Number(import, "accepted"), Number(import, "refused")));
        var seed = await Run(shop, "seed", "--orders", "5", "--seed", "7", "--json");
        Assert.Equal((0, 5), (seed.Code, Number(seed, "created")));
        var verify = await Run(shop, "verify", "--json");
        Assert.Equal((0, 6, 0), (verify.Code, Number(verify, "orders"), Number(verify, "differences")));

        await shop.Query("delete from views.mt_doc_order_summary");
        var wrong = await Run(shop, "verify");
        Assert.Equal(1, wrong.Code);
        Assert.Equal(6, wrong.Out.Split('\n').Count(line => line.EndsWith(" in order_summaries: is missing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_rule_is_tried_on_what_happened()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", time: "2010-12-01T08:00:00Z").Row("2", "A", "1", time: "2010-12-02T08:00:00Z").Row("3", "B", "2", time: "2010-12-03T08:00:00Z").Import();

        var today = await Run(shop, "what-if", "--rule", "today", "--json");
        Assert.Equal((0, 3, 0), (today.Code, Number(today, "orders"), Number(today, "changed")));
        var small = await Run(shop, "what-if", "--rule", "least-total=5", "--since", "2010-12-02", "--until", "2010-12-03T08:00:00Z", "--json");
        Assert.Equal((0, 1, 1), (small.Code, Number(small, "orders"), Number(small, "changed")));
        Assert.Equal(2.55m, JsonElement.Parse(small.Out).GetProperty("confirmed").GetProperty("GBP").GetProperty("totalWas").GetDecimal());

        var told = await Run(shop, "what-if", "--rule", "least-total=5.1");
        Assert.Equal((0, $"{new Invoice("2").OrderId} Confirmed 2.55 GBP would be Pending 2.55; event 3 order-too-small"), (told.Code, told.Out.Split('\n')[0]));
    }

    [Fact]
    public async Task Events_are_found_by_who_caused_them_from_what_and_when()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", time: "2010-12-01T08:00:00Z").Row("2", "A", "1", time: "2010-12-02T08:00:00Z").Import();
        await shop.Query("update events.mt_events set is_archived = true where causation_id like '%/1'");
        var trace = (await shop.Query("select correlation_id from events.mt_events limit 1"))[0];

        var noon = DateTimeOffset.Parse("2010-12-01T12:00:00Z", CultureInfo.InvariantCulture);
        Assert.Equal("1 2 3 1 2 3", await Found(new(Correlation: trace)));
        Assert.Equal("1 2 3", await Found(new(Actor: "import", Correlation: trace, Since: noon)));
        Assert.Equal("1 2 3", await Found(new(Until: noon)));
        Assert.Empty(await Found(new(Actor: "ann")));

        var told = await Run(shop, "events", "--causation", "online-retail/2", "--until", "2010-12-03");
        Assert.Equal($$"""2010-12-02T08:00:00Z {{new Invoice("2").OrderId}} 3 order_confirmed {} by import from online-retail/2 in {{trace}}""", told.Out.Split('\n')[2]);
        var counted = await Run(shop, "events", "--since", "2010-12-02", "--json");
        Assert.Equal((0, 3, 3), (counted.Code, Number(counted, "events"), JsonElement.Parse(counted.Out).GetProperty("found").GetArrayLength()));

        async Task<string> Found(EventSearch search) =>
            string.Join(' ', await search.In(shop.Store, TestContext.Current.CancellationToken).Select(found => found.Event.Version).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Events_that_cannot_be_read_are_named_and_end_with_1()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A").Import();
        Assert.Equal(0, (await Run(shop, "events", "check")).Code);

        await shop.Query("update events.mt_events set data = data - 'quantity' where version = 2");
        var check = await Run(shop, "events", "check", "--json");
        Assert.Equal((1, 3, 1), (check.Code, Number(check, "events"), Number(check, "unreadable")));
        Assert.Equal(new Invoice("1").OrderId, JsonElement.Parse(check.Out).GetProperty("found")[0].GetProperty("orderId").GetGuid());

        // A version that makes views anew is asked before it may touch them.
        await shop.Query("drop table views.mt_doc_view_lifecycle");
        Assert.Equal(1, (await Run(shop, "events", "check")).Code);
        var trial = await Run(shop, "what-if", "--rule", "today");
        Assert.Equal((1, ""), (trial.Code, trial.Out));
        Assert.Matches("^A stored event cannot be read: .* 'events check' names all such events.", trial.Error);
    }

    [Theory]
    [InlineData("import", "nowhere.csv")]
    [InlineData("import", "nowhere.csv", "--bad")]
    [InlineData("seed", "--orders", "many")]
    [InlineData("seed", "--orders", "0")]
    [InlineData("verify", "what")]
    [InlineData("what-if", "--rule", "no-such-rule")]
    [InlineData("what-if", "--rule", "today", "--since", "yesterday")]
    [InlineData("events")]
    [InlineData("events", "mend")]
    [InlineData("events", "--until", "tomorrow")]
    public async Task What_cannot_be_used_ends_with_2_and_says_why_on_standard_error(params string[] args)
    {
        await using var shop = await LegacyShop.Open(postgres);
        var run = await Run(shop, args);
        Assert.Equal((2, ""), (run.Code, run.Out.Trim()));
        Assert.NotEmpty(run.Error.Trim());
    }

    [Fact]
    public async Task A_database_that_does_not_answer_ends_with_1()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var run = await BuiltProgram.Run("Host=127.0.0.1;Port=1;Username=postgres;Database=none", "import", shop.Row("1").Write().File);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains("database does not answer", run.Error, StringComparison.Ordinal);

        // Half a document would be none.
        var json = await BuiltProgram.Run("Host=127.0.0.1;Port=1;Username=postgres;Database=none", "what-if", "--rule", "today", "--json");
        Assert.Equal((1, ""), (json.Code, json.Out));
    }

    [Fact]
    public async Task Results_stay_on_a_terminal_when_standard_error_goes_elsewhere()
    {
        const string terminal = "/usr/bin/script";
        Assert.SkipUnless(File.Exists(terminal), "Only script(1) makes a terminal here.");
        await using var shop = await LegacyShop.Open(postgres);
        await Run(shop, "import", shop.Row("1", "A").Write().File);
        await shop.Query("delete from views.mt_doc_order_summary");
        var log = shop.File + ".log";

        var start = new ProcessStartInfo(terminal, ["-qec", $"dotnet {BuiltProgram.Assembly} verify 2> {log}", "/dev/null"])
        {
            // Its terminal hangs up at the end of its input.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["ConnectionStrings__Orders"] = shop.ConnectionString, ["OrderSummaries__Lifecycle"] = "Inline", ["DOTNET_ENVIRONMENT"] = "Development" },
        };
        using var process = Process.Start(start)!;
        var seen = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("in order_summaries: is missing", seen, StringComparison.Ordinal);
        Assert.Contains("1 orders with 3 events", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("is missing", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        File.Delete(log);
    }

    [Fact]
    public async Task A_setting_may_stand_among_the_arguments()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var run = await BuiltProgram.Run(
            "Host=127.0.0.1;Port=1;Username=postgres;Database=none",
            "verify", $"--ConnectionStrings:Orders={shop.ConnectionString}", "--OrderSummaries:Lifecycle", "Inline", "--json");
        Assert.Equal((0, 0), (run.Code, Number(run, "orders")));
    }

    [Fact]
    public async Task A_database_that_refuses_ends_with_1()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1").Import();
        await shop.Query("alter table views.mt_doc_order add constraint none check (false) not valid");
        var run = await Run(shop, "import", shop.Row("2").Write().File);
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains("The database refused: new row for relation \"mt_doc_order\"", run.Error, StringComparison.Ordinal);
    }

    static long Number(ProgramRun run, string name) => JsonElement.Parse(run.Out).GetProperty(name).GetInt64();

    static Task<ProgramRun> Run(LegacyShop shop, params string[] args) => BuiltProgram.Run(shop.ConnectionString, args);
}
