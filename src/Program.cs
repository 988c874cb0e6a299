using JasperFx;
using JasperFx.CodeGeneration;
using Marten;
using OrderMonolith;
using OrderMonolith.Api;
using OrderMonolith.Bus;
using OrderMonolith.Commands;
using OrderMonolith.DeadLetters;
using OrderMonolith.Deliveries;
using OrderMonolith.Feed;
using OrderMonolith.Http;
using OrderMonolith.Operations;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Processes;
using OrderMonolith.Proofs;
using OrderMonolith.Rebuilding;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using OrderMonolith.Webhooks;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = CommandLine.Settings(args), ContentRootPath = Setup.Folder });
    Setup.Check(builder.Configuration, CommandLine.Serves(args));
    await using var database = await CommandLine.OpenDatabase(builder, args);

    var marten = builder.Services.AddMarten(store => Topology.Store(store, OrderSummaryLifecycle.Of(builder.Configuration).Wanted))
        .UseNpgsqlDataSource()
        .UseLightweightSessions()
        .IntegrateWithWolverine(Topology.Together);
    if (builder.Environment.IsDevelopment()) marten.ApplyAllDatabaseChangesOnStartup();
    builder.Services.CritterStackDefaults(critters =>
    {
        critters.Production.GeneratedCodeMode = TypeLoadMode.Static;
        critters.Production.AssertAllPreGeneratedTypesExist = true;
        critters.Production.ResourceAutoCreate = AutoCreate.None;
    });
    builder.Services.AddSingleton<TimeProvider>(new MicrosecondClock(TimeProvider.System));
    builder.Services.AddSingleton<StoreEpoch>().AddSingleton<ViewProgress>().AddSingleton<ConsistentReads>().AddSingleton(typeof(QuestionsAtOnce<>)).AddSingleton(typeof(View<>));
    builder.AddServingLock();
    builder.Host.UseWolverine(Topology.Messages);
    builder.Services.AddWolverineHttp();
    builder.Services.AddSingleton<CommandRequests>();
    builder.Services.AddSingleton<CommandRunner>().AddHostedService(services => services.GetRequiredService<CommandRunner>());
    builder.Services.AddSingleton(builder.Configuration.Read<IdempotencySettings>()).AddHostedService<KeyRetention>();
    builder.Services.AddSingleton<Rebuilds>().AddHostedService(services => services.GetRequiredService<Rebuilds>());
    builder.Services.AddSingleton(builder.Configuration.Read<DriftWatchSettings>()).AddSingleton<DriftWatch>().AddHostedService(services => services.GetRequiredService<DriftWatch>());
    builder.Services.AddHostedService<SkippedEvents>();
    builder.AddProcesses();
    builder.Services.AddDeliveries();
    builder.AddWebhooks();
    builder.Services.AddDeadLetters();
    builder.Services.AddSingleton<EventFeed>();
    builder.AddEdge();
    builder.AddAccess();
    builder.AddApiDescription();
    builder.AddHealth();
    builder.AddBus();
    builder.AddCommandLine(args);

    await using var app = builder.Build();
    app.CheckAccess();
    app.UseEdge();
    app.UseDescribedQueries();
    app.UseOneFormOfIds();
    app.MapWolverineEndpoints(http =>
    {
        http.AddParameterHandlingStrategy<StrictBodies>();
        http.RequireAuthorizeOnAll();
    });
    app.MapProblemPages();
    app.MapApiDescription();
    app.MapHealth();
    return await app.RunCommandLine(args);
}
catch (Exception e) when (StartFault.Explain(e) is { } explanation)
{
    await Console.Error.WriteLineAsync(explanation);
    return (int)(e is BadInputException ? ExitCode.BadInput : ExitCode.Wrong);
}

/// <summary>The service.</summary>
public partial class Program;
