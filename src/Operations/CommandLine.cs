using System.Reflection;
using JasperFx;
using JasperFx.CommandLine;
using Marten;
using Microsoft.Extensions.Logging.Console;
using Npgsql;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using Spectre.Console;

namespace OrderMonolith.Operations;

/// <summary>The commands beside serving, ours and those that the frameworks bring: what they need, what they print and how they end.</summary>
public static class CommandLine
{
    /// <summary>Whether these arguments start the service, rather than run one of its commands.</summary>
    /// <exception cref="BadInputException">They cannot be understood.</exception>
    public static bool Serves(string[] args) => Invocation.Of(args).Serves;

    /// <summary>Those of the arguments that are settings.</summary>
    /// <exception cref="BadInputException">They cannot be understood.</exception>
    public static string[] Settings(string[] args) => Invocation.Of(args).Settings;

    /// <summary>Opens the database, unless the command does without, and has everybody use it.</summary>
    /// <returns>What is to be closed last.</returns>
    /// <exception cref="SetupException">There is no database to be had.</exception>
    public static async Task<IAsyncDisposable> OpenDatabase(WebApplicationBuilder builder, string[] args)
    {
        var asked = Invocation.Of(args);
        using var logs = LoggerFactory.Create(logging => logging
            .AddConfiguration(builder.Configuration.GetSection("Logging"))
            .AddConsole(console => console.LogToStandardErrorThreshold = asked.Serves ? LogLevel.None : LogLevel.Trace));
        var database = asked.NeedsDatabase
            ? await Database.OpenAsync(builder.Configuration, builder.Environment, logs.CreateLogger<Database>(), CancellationToken.None)
            : Database.None;
        builder.Services.AddSingleton(_ => database.ToDataSource());
        return database;
    }

    /// <summary>Keeps standard output for results where one of our commands runs: logs and all else go to standard error.</summary>
    public static void AddCommandLine(this WebApplicationBuilder builder, string[] args)
    {
        if (!IsOurs(Invocation.Of(args))) return;
        AnsiConsole.Console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>Serves, or runs the command that the arguments name.</summary>
    /// <returns>The exit code: of our commands 0, 1, 2 or 130 (<see cref="ExitCode"/>), of all others the framework's.</returns>
    public static async Task<int> RunCommandLine(this WebApplication app, string[] args)
    {
        var asked = Invocation.Of(args);
        if (asked.Serves)
        {
            await app.RunAsync();
            return 0;
        }

        if (asked.Verb is Invocation.Version) return TellVersion();
        if (IsOurs(asked)) return await RunOurs(app, asked);

        // The framework has a command of the same name.
        if (asked.Words is ["help", "projections"])
        {
            await Executor(app.Services).ExecuteAsync(asked.Words);
            return (int)ExitCode.Done;
        }
        return asked.WantsAlone ? await RunAlone(app, asked) : await RunBeside(app, asked);
    }

    static int TellVersion()
    {
        var assembly = typeof(CommandLine).Assembly;
        Console.WriteLine($"{assembly.GetName().Name} {assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
        return 0;
    }

    static async Task<int> RunOurs(WebApplication app, Invocation asked)
    {
        // A command that sets no code was never run: its arguments could not be understood.
        Environment.ExitCode = (int)ExitCode.BadInput;
        await Executor(app.Services).ExecuteAsync(asked.Words);
        return Environment.ExitCode;
    }

    static async Task<int> RunBeside(WebApplication app, Invocation asked)
    {
        // The frameworks answer a database that is away with pages of it, so it is met here.
        if (asked.NeedsDatabase) await using (await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync()) { }
        var code = await app.RunJasperFxCommands(asked.Words);
        return asked.Verb is "help" ? (int)ExitCode.Done : code;
    }

    /// <summary>What works on whole views is refused while a node serves or an import runs.</summary>
    static async Task<int> RunAlone(WebApplication app, Invocation asked)
    {
        await using var alone = await LockSession.Open(app.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
        if (!await alone.TryAlone(CancellationToken.None))
            throw new SetupException($"A node is serving this database. Stop all nodes first: '{string.Join(' ', asked.Words)}' works on whole views or empties tables.");

        var store = app.Services.GetRequiredService<IDocumentStore>();
        if (asked.NamedProjection is { } name && !((StoreOptions)store.Options).Projections.All.Any(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            throw new SetupException($"There is no projection '{name}'. 'projections list' names those there are.");

        // Should it be cut short, the next node that starts sees that the views are not whole.
        await ViewGuard.Forget(store);
        if (asked.IsInPlace) await SkippedEvent.Tell(store, CancellationToken.None);
        return await app.RunJasperFxCommands([.. asked.Words.Where(word => word is not Invocation.InPlace)]);
    }

    static CommandExecutor Executor(IServiceProvider services) => CommandExecutor.For(factory =>
    {
        factory.RegisterCommands(typeof(CommandLine).Assembly);
        factory.ConfigureRun = run =>
        {
            if (run.Command is IOperatorCommand command) command.Services = services;
        };
    });

    static bool IsOurs(Invocation asked) => asked is { Verb: { } verb, IsInPlace: false } && typeof(CommandLine).Assembly.GetTypes()
        .Any(type => CommandFactory.IsJasperFxCommandType(type) && CommandFactory.CommandNameFor(type).Equals(verb, StringComparison.OrdinalIgnoreCase));
}
