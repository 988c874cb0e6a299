using JasperFx;
using Marten;
using Npgsql;

namespace OrderMonolith.Operations;

/// <summary>Who may work on the views at the same time.</summary>
public static class Serving
{
    /// <summary>Makes this process known as a node that serves, from before it starts to after it ends.</summary>
    public static IServiceCollection AddServingLock(this IServiceCollection services, OrderSummaryLifecycle lifecycle) => services
        .AddSingleton(lifecycle)
        .AddSingleton<ServingLock>()
        .AddHostedService(provider => provider.GetRequiredService<ServingLock>());

    /// <summary>Serves, or runs the command that the arguments name. One that works on whole projections runs alone: it is refused while a node serves.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunCommands(this WebApplication app, string[] args)
    {
        if (args is not ["projections", ..] || args.Contains("list")) return await app.RunJasperFxCommands(args);

        await using var alone = await LockSession.Open(app.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
        if (!await alone.TryAlone(CancellationToken.None))
        {
            await Console.Error.WriteLineAsync("A node is serving this database. Stop all nodes first: this works on whole views, and a rebuild empties them.");
            return 1;
        }

        // Should it be cut short, the next node that starts sees that the views are not whole.
        if (args.Contains("rebuild")) await OrderSummaryLifecycle.Forget(app.Services.GetRequiredService<IDocumentStore>());
        return await app.RunJasperFxCommands(args);
    }
}
