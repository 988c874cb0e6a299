using JasperFx;
using JasperFx.CodeGeneration;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using OrderMonolith;
using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Operations;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(_ => new NpgsqlDataSourceBuilder(builder.Configuration.GetConnectionString("Orders")).Build());
builder.Services.AddMarten(store => Topology.Store(store, ProjectionLifecycle.Inline))
    .UseNpgsqlDataSource()
    .UseLightweightSessions()
    .IntegrateWithWolverine(Topology.Together);
builder.Services.CritterStackDefaults(x =>
{
    x.Production.GeneratedCodeMode = TypeLoadMode.Static;
    x.Production.AssertAllPreGeneratedTypesExist = true;
    x.Production.ResourceAutoCreate = AutoCreate.None;
});
builder.Host.UseWolverine(Topology.Messages);
builder.Services.AddWolverineHttp();
builder.Services.AddSingleton<TimeProvider>(new MicrosecondClock(TimeProvider.System));
builder.Services.AddSingleton<CommandRunner>();
builder.Services.AddHostedService(services => services.GetRequiredService<CommandRunner>());
builder.Services.AddExceptionHandler<ExceptionProblems>();
builder.AddCommandLine(args);

var app = builder.Build();
app.UseExceptionHandler(_ => { });
app.UseStatusCodePages(EmptyAnswers.Explain);
app.MapWolverineEndpoints(http => http.AddParameterHandlingStrategy<StrictBodies>());
return await app.RunCommandLine(args);

/// <summary>The service.</summary>
public partial class Program;
