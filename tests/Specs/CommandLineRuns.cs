using System.Diagnostics;
using System.Text.Json;

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

    [Theory]
    [InlineData("import", "nowhere.csv")]
    [InlineData("import", "nowhere.csv", "--bad")]
    [InlineData("seed", "--orders", "many")]
    [InlineData("seed", "--orders", "0")]
    [InlineData("verify", "what")]
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
