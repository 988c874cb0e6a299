using JasperFx;
using JasperFx.CodeGeneration;
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
var lifecycle = OrderSummaryLifecycle.Of(builder.Configuration);
var marten = builder.Services.AddMarten(store => Topology.Store(store, lifecycle.Wanted))
    .UseNpgsqlDataSource()
    .UseLightweightSessions()
    .IntegrateWithWolverine(Topology.Together);
if (builder.Environment.IsDevelopment()) marten.ApplyAllDatabaseChangesOnStartup();
builder.Services.AddServingLock(lifecycle);
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

var app = builder.Build();
app.UseExceptionHandler(_ => { });
app.UseStatusCodePages(EmptyAnswers.Explain);
app.MapWolverineEndpoints(http => http.AddParameterHandlingStrategy<StrictBodies>());
return await app.RunCommands(args);

/// <summary>The service.</summary>
public partial class Program;
