using System.Globalization;

namespace OrderMonolith.Benchmarks;

/// <summary>What to measure, and on what.</summary>
/// <param name="Seconds">How long each slot lasts.</param>
/// <param name="Rounds">How often each slot is run; medians are shown.</param>
/// <param name="Connections">How many clients ask at once.</param>
/// <param name="Warmup">Seconds of commands before anything is measured: what runs often is compiled again while it runs.</param>
/// <param name="App">Folder of the published service; published into a temporary one when absent.</param>
/// <param name="Curves">Whether to measure how the time of a command grows with its order, instead of throughput.</param>
/// <param name="Lists">Whether to measure lists of many orders, instead of throughput.</param>
/// <param name="Rebuilds">Whether to measure how views are built anew, instead of throughput.</param>
/// <param name="Outward">Whether to measure how events get out, instead of throughput.</param>
/// <param name="RabbitMq">Address of a broker to measure too.</param>
/// <param name="Orders">How many orders the lists or views are of.</param>
/// <param name="Database">A database on the server that holds orders already and is left as it is; an empty one is made and seeded when absent.</param>
/// <param name="Postgres">Connection string of a server on this machine; an embedded one is made when absent.</param>
public sealed record Arguments(double Seconds = 5, int Rounds = 3, int Connections = 16, double Warmup = 10, string? App = null, string? Postgres = null, bool Curves = false,
    bool Lists = false, bool Rebuilds = false, bool Outward = false, string? RabbitMq = null, int Orders = 1_000_000, string? Database = null)
{
    /// <summary>How they are written.</summary>
    public const string Usage = "dotnet run -c Release --project tests/Benchmarks -- [curves | lists | rebuilds [--orders 1000000] [--database NAME] | outward [--rabbitmq amqp://…]] [--seconds 5] [--rounds 3] [--connections 16] [--warmup 10] [--app FOLDER] [--pg CONNECTIONSTRING]";

    /// <summary>Reads them from a command line.</summary>
    /// <exception cref="FormatException">One is unknown, has no value or one that is not positive.</exception>
    public static Arguments Of(string[] words) => words switch
    {
        ["curves", .. var others] => Read(others) with { Curves = true },
        ["lists", .. var others] => Read(others) with { Lists = true },
        ["rebuilds", .. var others] => Read(others) with { Rebuilds = true },
        ["outward", .. var others] => Read(others) with { Outward = true },
        _ => Read(words),
    };

    static Arguments Read(string[] words) => words.Chunk(2).Aggregate(new Arguments(), (read, pair) => pair switch
    {
        ["--seconds", var value] => read with { Seconds = Duration(value) },
        ["--rounds", var value] => read with { Rounds = Positive(value) },
        ["--connections", var value] => read with { Connections = Positive(value) },
        ["--warmup", var value] => read with { Warmup = Duration(value) },
        ["--app", var value] => read with { App = Path.GetFullPath(value) },
        ["--orders", var value] => read with { Orders = int.TryParse(value, CultureInfo.InvariantCulture, out var orders) && orders > 0 ? orders : throw new FormatException(Usage) },
        ["--rabbitmq", var value] => read with { RabbitMq = value },
        ["--database", var value] => read with { Database = value },
        ["--pg", var value] => read with { Postgres = value },
        _ => throw new FormatException(Usage),
    });

    static double Duration(string value) => double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 3_600 ? seconds : throw new FormatException(Usage);

    static int Positive(string value) => int.TryParse(value, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1_000 ? number : throw new FormatException(Usage);
}
