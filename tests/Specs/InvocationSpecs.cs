using OrderMonolith.Operations;

namespace OrderMonolith.Specs;

/// <summary>What the arguments ask for.</summary>
public sealed class InvocationSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData("run")]
    [InlineData("RUN")]
    [InlineData("--urls http://127.0.0.1:0")]
    [InlineData("--ConnectionStrings:Orders=Host=x --environment Development")]
    [InlineData("--contentRoot=/tmp --whatever=1 run")]
    public void Settings_alone_serve(string line) => Assert.True(Read(line).Serves);

    [Theory]
    [InlineData("--ConnectionStrings:Orders=Host=x import f.csv", "import f.csv")]
    [InlineData("--ConnectionStrings:Orders Host=x import f.csv", "import f.csv")]
    [InlineData("--urls http://127.0.0.1:0 verify --json", "verify --json")]
    [InlineData("seed --OrderSummaries:Lifecycle Async --orders 5 --Storage:DataFolder=x", "seed --orders 5")]
    [InlineData("Projections rebuild -p orders", "projections rebuild -p orders")]
    [InlineData("--help", "help")]
    [InlineData("-h", "help")]
    [InlineData("--urls http://127.0.0.1:0 --help", "help")]
    [InlineData("Import --help", "help import")]
    [InlineData("--version", "--version")]
    public void A_command_is_found_behind_settings_and_never_served_instead(string line, string words)
    {
        Assert.Equal(words, string.Join(' ', Read(line).Words));
        Assert.False(Read(line).Serves);
    }

    [Theory]
    [InlineData("verify --json --Storage:DataFolder=/tmp/x", "--Storage:DataFolder=/tmp/x")]
    [InlineData("import /tmp/f.csv --ConnectionStrings:Orders Host=x --refused r.csv", "--ConnectionStrings:Orders Host=x")]
    [InlineData("--urls http://127.0.0.1:0 verify --json", "--urls http://127.0.0.1:0")]
    [InlineData("--whatever=1", "--whatever=1")]
    [InlineData("import /tmp/f.csv", "")]
    public void Only_settings_are_for_the_configuration(string line, string settings) => Assert.Equal(settings, string.Join(' ', Read(line).Settings));

    [Theory]
    [InlineData("projections rebuild -p orders", "orders")]
    [InlineData("projections --projection orders rebuild", "orders")]
    [InlineData("projections rebuild", null)]
    [InlineData("verify -p orders", null)]
    public void A_projection_may_be_named(string line, string? name) => Assert.Equal(name, Read(line).NamedProjection);

    [Theory]
    [InlineData("--json verify")]
    [InlineData("-v")]
    [InlineData("-e Production")]
    public void What_is_neither_setting_nor_command_is_refused(string line) => Assert.Throws<BadInputException>(() => Read(line));

    [Theory]
    [InlineData("projections rebuild --in-place")]
    [InlineData("PROJECTIONS --in-place rebuild")]
    [InlineData("projections rebuild -p list --in-place")]
    [InlineData("marten --reset")]
    [InlineData("resources clear")]
    [InlineData("resources -t database teardown")]
    [InlineData("resources 1")]
    [InlineData("storage rebuild")]
    [InlineData("storage clear")]
    public void What_empties_tables_is_done_alone(string line) => Assert.True(Read(line).WantsAlone);

    [Theory]
    [InlineData("projections list")]
    [InlineData("projections rebuild -p orders")]
    [InlineData("resources setup")]
    [InlineData("resources")]
    [InlineData("storage counts")]
    [InlineData("db-apply")]
    [InlineData("import f.csv")]
    public void The_rest_is_done_beside_others(string line) => Assert.False(Read(line).WantsAlone);

    [Theory]
    [InlineData("help", false)]
    [InlineData("--version", false)]
    [InlineData("verify", true)]
    [InlineData("", true)]
    public void Some_need_no_database(string line, bool needs) => Assert.Equal(needs, Read(line).NeedsDatabase);

    static Invocation Read(string line) => Invocation.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
