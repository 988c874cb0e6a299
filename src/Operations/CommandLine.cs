using JasperFx;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Operations;

/// <summary>The commands beside serving: what they need, what they print and how they end.</summary>
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
        using var logs = LoggerFactory.Create(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole());
        var database = args is [var verb, ..] && NeedNoDatabase.Contains(verb)
            ? Database.None
            : await Database.OpenAsync(builder.Configuration, builder.Environment, logs.CreateLogger<Database>(), CancellationToken.None);
        builder.Services.AddSingleton(database.ToDataSource());
        return database;
    }

    /// <summary>Serves, or runs the command that the arguments name. One that works on whole projections runs alone: it is refused while a node serves.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunCommandLine(this WebApplication app, string[] args)
    {
        if (Serves(args))
        {
            await app.RunAsync();
            return 0;
        }

        if (args is not ["projections", ..] || args.Contains("list")) return await app.RunJasperFxCommands(args);

        await using var alone = await LockSession.Open(app.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
        if (await alone.TryAlone(CancellationToken.None)) return await app.RunJasperFxCommands(args);
        throw new SetupException("A node is serving this database. Stop all nodes first: this works on whole views, and a rebuild empties them.");
    }
}
