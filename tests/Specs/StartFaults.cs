using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>A start that cannot succeed says what to do in a sentence or two, and ends with 1.</summary>
public sealed class StartFaults(Postgres postgres)
{
    [Theory]
    [InlineData("--urls", "http://127.0.0.1:0")]
    [InlineData("projections", "rebuild")]
    [InlineData("db-apply")]
    [InlineData("resources", "setup")]
    public async Task A_database_that_is_away(params string[] args) =>
        Says(await BuiltProgram.Run("Host=127.0.0.1;Port=1;Username=postgres;Database=none", args), "The database does not answer: Failed to connect to 127.0.0.1:1");

    [Fact]
    public async Task A_database_that_is_not_there()
    {
        var database = await postgres.CreateDatabaseAsync("faults");
        Says(await BuiltProgram.Run(new Npgsql.NpgsqlConnectionStringBuilder(database) { Database = "nowhere" }.ConnectionString, "--urls", "http://127.0.0.1:0"),
            "The database refused: database \"nowhere\" does not exist. Create it");
    }

    [Fact]
    public async Task A_port_that_is_taken()
    {
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        Says(await BuiltProgram.Run(await postgres.CreateDatabaseAsync("faults"), "--urls", $"http://{stranger.LocalEndpoint}"), "already in use. Listen elsewhere");
    }

    [Theory]
    [InlineData("--urls=garbage", "'garbage' is not an address to listen on.")]
    [InlineData("--Logging:LogLevel:Default=Foo", "Foo")]
    [InlineData("--Authentication:Schemes:Bearer:Authority=http://127.0.0.1:1/x", "Authentication:Schemes:Bearer cannot be used")]
    [InlineData("--Authentication:Schemes:Bearer:SigningKeys:0:Value=notbase64!", "Authentication:Schemes:Bearer cannot be used")]
    public async Task A_setting_that_cannot_be_used(string setting, string why) =>
        Says(await BuiltProgram.Run(await postgres.CreateDatabaseAsync("faults"), "--urls=http://127.0.0.1:0", "--Authentication:Schemes:Bearer:ValidIssuer=x", "--Authentication:Schemes:Bearer:SigningKeys:0:Issuer=x", setting), why);

    [Fact]
    public async Task A_projection_that_is_none() =>
        Says(await BuiltProgram.Run(await postgres.CreateDatabaseAsync("faults"), "projections", "rebuild", "-p", "order_summariez"), "There is no projection 'order_summariez'");

    [Fact]
    public async Task A_build_for_development_in_production() => Says(
        await BuiltProgram.Run(await postgres.CreateDatabaseAsync("faults"), "--environment", "Production", "--urls", "http://127.0.0.1:0"),
        "'dotnet publish src -c Release' makes what runs there");

    [Fact]
    public async Task What_empties_tables_while_a_node_serves()
    {
        await using var node = await Monolith.Start(postgres);
        await node.Send("POST", "/v1/orders", new { customerId = "ada" });
        foreach (var destructive in new string[][] { ["resources", "clear"], ["marten", "--reset"], ["Projections", "rebuild", "--in-place"], ["storage", "clear"] })
            Says(await BuiltProgram.Run(node.ConnectionString, destructive), "A node is serving this database. Stop all nodes first");
        Assert.Equal(1, await node.Query<long>("select count(*) from events.mt_events"));
    }

    [Fact]
    public async Task A_command_is_not_served_instead_whatever_stands_before_it()
    {
        var database = await postgres.CreateDatabaseAsync("faults");
        var run = await BuiltProgram.Run("Host=127.0.0.1;Port=1", $"--ConnectionStrings:Orders={database}", "verify", "--json");
        Assert.Equal(0, run.Code);
        Assert.Equal(0, JsonElement.Parse(run.Out).GetProperty("orders").GetInt32());
        Assert.Equal((2, ""), (await BuiltProgram.Run(database, "--json", "verify")) is { Code: var code, Out: var said } ? (code, said) : default);
        Assert.Contains("verify", (await BuiltProgram.Run(database, "--help")).Out, StringComparison.Ordinal);
    }

    static void Says(ProgramRun run, string sentence)
    {
        Assert.Equal(1, run.Code);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.DoesNotContain("   at ", run.Out + run.Error, StringComparison.Ordinal);
    }
}
