using JasperFx;
using JasperFx.CommandLine;
using Microsoft.Extensions.Logging.Console;
using Spectre.Console;

namespace OrderMonolith.Operations;

/// <summary>The commands of ours beside those that the frameworks bring: what they print and how they end.</summary>
public static class CommandLine
{
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
        if (!IsOurs(args)) return await app.RunJasperFxCommands(args);

        // A command that sets no code was never run: its arguments could not be understood.
        Environment.ExitCode = (int)ExitCode.BadInput;
        await using (app) await Executor(app.Services).ExecuteAsync(args);
        return Environment.ExitCode;
    }

    static CommandExecutor Executor(IServiceProvider services) => CommandExecutor.For(factory =>
    {
        factory.RegisterCommands(typeof(CommandLine).Assembly);
        factory.ConfigureRun = run =>
        {
            if (run.Command is IOperatorCommand command) command.Services = services;
        };
    });

    static bool IsOurs(string[] args) => args is [var first, ..] && typeof(CommandLine).Assembly.GetTypes()
        .Any(type => CommandFactory.IsJasperFxCommandType(type) && CommandFactory.CommandNameFor(type).Equals(first, StringComparison.OrdinalIgnoreCase));
}
