using System.Globalization;
using OrderMonolith.Benchmarks;

const int RoundTripsPerCommit = 3;

Arguments arguments;
try
{
    arguments = Arguments.Of(args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

if (!OperatingSystem.IsLinux())
{
    await Console.Error.WriteLineAsync("What a command costs is read from /proc: this runs on Linux only.");
    return 1;
}

var published = arguments.App is null ? Directory.CreateTempSubdirectory("ordermonolith-bench-app-") : null;
try
{
    if (published is not null) await RunningMonolith.Publish(published.FullName);
    var app = arguments.App ?? published!.FullName;
    if (arguments.Outward)
    {
        await Outward.Measure(app, arguments);
        return 0;
    }

    await using var store = await Store.Create(arguments.Postgres, arguments.Database);
    using var monolith = await RunningMonolith.Start(app, store.Address.ConnectionString);
    if (arguments.Lists)
    {
        if (arguments.Database is null) await RunningMonolith.Seed(app, store.Address.ConnectionString, arguments.Orders);
        await store.Execute("vacuum analyze");
        await Lists.Measure(monolith.Address, store);
    }
    else if (arguments.Rebuilds)
    {
        if (arguments.Database is null) await RunningMonolith.Seed(app, store.Address.ConnectionString, arguments.Orders);
        await Rebuilding.Measure(monolith, store, arguments);
    }
    else if (arguments.Curves) Curves.Measure(monolith.Address, arguments);
    else await Measure(arguments, store, monolith);
    return 0;
}
finally
{
    published?.Delete(recursive: true);
}

static async Task Measure(Arguments arguments, Store store, RunningMonolith monolith)
{
    var clients = new Clients(monolith.Address, arguments.Connections);
    using var plain = await PlainAppend.Prepare(store);
    clients.Commands(arguments.Warmup);

    var rounds = new List<(Seen Commands, Effort Effort, Seen Keyed, Seen Orders, Seen Lists, double Plain)>();
    for (var n = 0; n < arguments.Rounds; n++)
    {
        var before = await Effort.SoFar(monolith, store);
        var commands = clients.Commands(arguments.Seconds);
        var effort = (await Effort.SoFar(monolith, store)).Since(before);
        rounds.Add((commands, effort, clients.Commands(arguments.Seconds, keyed: true), clients.Orders(arguments.Seconds), clients.Lists(arguments.Seconds),
            plain is null ? 0 : await plain.Run(arguments.Seconds, arguments.Connections)));
    }

    Say($"{arguments.Connections} clients, {arguments.Rounds} rounds of {arguments.Seconds} s, medians");
    Show("commands", rounds.Select(r => r.Commands));
    Show("with a key", rounds.Select(r => r.Keyed));
    Show("one order", rounds.Select(r => r.Orders));
    Show("a list of 20", rounds.Select(r => r.Lists));
    Say($"commands with a key each are {Median(rounds.Select(r => r.Keyed.PerSecond / r.Commands.PerSecond)):0.00} of those without");
    Say($"per 1000 commands: {PerCommand(e => e.Service) * 1000:0.000} CPU s of the service, {PerCommand(e => e.Database) * 1000:0.000} of PostgreSQL");
    Say($"per command: {PerCommand(e => e.Log):0} bytes of write-ahead log, {PerCommand(e => e.Commits):0.000} commits, {RoundTripsPerCommit * PerCommand(e => e.Commits):0.00} round trips");
    Say($"  (a commit is a transaction that PostgreSQL numbered; it takes {RoundTripsPerCommit} round trips: fetch, BEGIN with all writes, COMMIT)");
    if (plain is null)
        Say($"plain append: not measured, this machine has no pgbench");
    else
        Say($"plain append (pgbench, same rows, one commit each): {Median(rounds.Select(r => r.Plain)):0}/s; commands are {Median(rounds.Select(r => r.Commands.PerSecond / r.Plain)):0.00} of it");

    double PerCommand(Func<Effort, double> of) => Median(rounds.Select(r => of(r.Effort) / r.Commands.Requests));
}

static void Show(string what, IEnumerable<Seen> seen) =>
    Say($"{what,-12} {Median(seen.Select(s => s.PerSecond)),8:0}/s   p50 {Median(seen.Select(s => s.Median)),6:0.00} ms   p99 {Median(seen.Select(s => s.Percentile99)),6:0.00} ms");

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}

static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
