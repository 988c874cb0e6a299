using JasperFx;
using JasperFx.CommandLine;
using Marten;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Storage;
using Spectre.Console;

namespace OrderMonolith.Operations;

/// <summary>The commands beside serving, ours and those that the frameworks bring: what they need, what they print and how they end.</summary>
public static class CommandLine
{
    static readonly string[] NeedNoDatabase = ["help", "?", "codegen", "openapi", "describe", "capabilities", "wolverine-diagnostics"];

    /// <summary>Whether these arguments start the service, rather than run one of its commands.</summary>
    public static bool Serves(string[] args) => args is [] or ["run", ..] || args[0].StartsWith('-');

    /// <summary>Opens the database, unless the command does without, and has everybody use it.</summary>
    /// <returns>What is to be closed last.</returns>
    /// <exception cref="SetupException">There is no database to be had.</exception>
    public static async Task<IAsyncDisposable> OpenDatabase(WebApplicationBuilder builder, string[] args)
    {
        using var logs = LoggerFactory.Create(logging => logging
            .AddConfiguration(builder.Configuration.GetSection("Logging"))
            .AddConsole(console => console.LogToStandardErrorThreshold = Serves(args) ? LogLevel.None : LogLevel.Trace));
        var database = args is [var verb, ..] && NeedNoDatabase.Contains(verb)
            ? Database.None
            : await Database.OpenAsync(builder.Configuration, builder.Environment, logs.CreateLogger<Database>(), CancellationToken.None);
        builder.Services.AddSingleton(_ => database.ToDataSource());
        return database;
    }

    /// <summary>Keeps standard output for results where one of our commands runs: logs and all else go to standard error.</summary>
    public static void AddCommandLine(this WebApplicationBuilder builder, string[] args)
    {
        if (!IsOurs(args)) return;
        AnsiConsole.Console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>Serves, or runs the command that the arguments name.</summary>
    /// <returns>The exit code: of our commands 0, 1, 2 or 130 (<see cref="ExitCode"/>), of all others the framework's.</returns>
    public static async Task<int> RunCommandLine(this WebApplication app, string[] args)
    {
        if (Serves(args))
        {
            await app.RunAsync();
            return 0;
        }

        args = WithoutSettings(args);
        if (IsOurs(args)) return await RunOurs(app, args);
        return args is ["projections", ..] && !args.Contains("list") ? await RunAlone(app, args) : await app.RunJasperFxCommands(args);
    }

    static async Task<int> RunOurs(WebApplication app, string[] args)
    {
        // A command that sets no code was never run: its arguments could not be understood.
        Environment.ExitCode = (int)ExitCode.BadInput;
        await Executor(app.Services).ExecuteAsync(args);
        return Environment.ExitCode;
    }

    /// <summary>What works on whole projections is refused while a node serves or an import runs.</summary>
    static async Task<int> RunAlone(WebApplication app, string[] args)
    {
        await using var alone = await LockSession.Open(app.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
        if (!await alone.TryAlone(CancellationToken.None))
            throw new SetupException("A node is serving this database. Stop all nodes first: this works on whole views, and a rebuild empties them.");

        // Should it be cut short, the next node that starts sees that the views are not whole.
        if (args.Contains("rebuild")) await OrderSummaryLifecycle.Forget(app.Services.GetRequiredService<IDocumentStore>());
        return await app.RunJasperFxCommands(args);
    }

    static CommandExecutor Executor(IServiceProvider services) => CommandExecutor.For(factory =>
    {
        factory.RegisterCommands(typeof(CommandLine).Assembly);
        factory.ConfigureRun = run =>
        {
            if (run.Command is IOperatorCommand command) command.Services = services;
        };
    });

    /// <summary>The arguments without settings (<c>--Section:Key=value</c>, or the value next): the configuration has read those.</summary>
    static string[] WithoutSettings(string[] args)
    {
        List<string> others = [];
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i].Split('=', 2);
            if (!name[0].StartsWith("--", StringComparison.Ordinal) || !name[0].Contains(':', StringComparison.Ordinal)) others.Add(args[i]);
            else if (name.Length == 1) i++;
        }

        return [.. others];
    }

    static bool IsOurs(string[] args) => args is [var first, ..] && typeof(CommandLine).Assembly.GetTypes()
        .Any(type => CommandFactory.IsJasperFxCommandType(type) && CommandFactory.CommandNameFor(type).Equals(first, StringComparison.OrdinalIgnoreCase));
}
