using Marten;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using OrderMonolith.Orders;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using Weasel.Core.Migrations;

namespace OrderMonolith.Operations;

/// <summary>Whether the process is up, and whether it can do its work.</summary>
public static class Health
{
    /// <summary>Sets up the checks.</summary>
    public static void AddHealth(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<StorageHealth>()
        .AddSingleton<ViewLag>().AddHostedService(services => services.GetRequiredService<ViewLag>())
        .AddHealthChecks()
        .AddCheck<StorageHealth>("storage", timeout: TimeSpan.FromSeconds(5))
        .AddCheck<ViewHealth>("views", timeout: TimeSpan.FromSeconds(5))
        .AddCheck<DriftHealth>("drift", timeout: TimeSpan.FromSeconds(5));

    /// <summary>Serves them to everybody.</summary>
    public static void MapHealth(this WebApplication app)
    {
        foreach (var (path, options) in new (string, HealthCheckOptions)[] { ("/health/live", new() { Predicate = _ => false }), ("/health/ready", new()) })
        {
            options.ResponseWriter = Write;
            app.MapHealthChecks(path, options).AllowAnonymous().WithMetadata(new HttpMethodMetadata([HttpMethods.Get]));
        }
    }

    static Task Write(HttpContext http, HealthReport report) => http.Response.WriteAsJsonAsync(
        new HealthAnswer(report.Status, report.Entries.ToDictionary(e => e.Key, e => new HealthPart(e.Value.Status, e.Value.Description))),
        Json.Stored);
}

/// <summary>How the service is.</summary>
/// <param name="Status">The worst of its parts.</param>
/// <param name="Checks">Its parts.</param>
public sealed record HealthAnswer(HealthStatus Status, IReadOnlyDictionary<string, HealthPart> Checks);

/// <summary>How one part is.</summary>
/// <param name="Status">How it is.</param>
/// <param name="Description">What is wrong with it, if anything.</param>
public sealed record HealthPart(HealthStatus Status, string? Description);

/// <summary>Commands and current reads work: the database answers, and its schema is the one that this build needs.</summary>
public sealed class StorageHealth(IDocumentStore store, NpgsqlDataSource database) : IHealthCheck
{
    bool schemaWasCurrent;

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var probe = database.CreateCommand($"select from events.mt_streams, events.mt_events, {store.TableOf<Order>()} limit 0");
            await probe.ExecuteNonQueryAsync(cancellationToken);

            // Comparing the whole schema is dear, and once it was current only somebody's hand makes it otherwise.
            if (!schemaWasCurrent) await store.Storage.Database.AssertDatabaseMatchesConfigurationAsync(cancellationToken);
            schemaWasCurrent = true;
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } or DatabaseValidationException)
        {
            return HealthCheckResult.Unhealthy("The schema of the database is not the one that this version needs: run 'resources setup'.");
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            return HealthCheckResult.Unhealthy("The database does not answer.");
        }
    }
}

/// <summary>The views that follow from behind do follow.</summary>
public sealed class ViewHealth(ViewLag lag) : IHealthCheck
{
    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        lag.Late.Any() ? HealthCheckResult.Degraded($"Stopped, or behind since the start: {string.Join(", ", lag.Late)}.")
        : lag.IsKnown ? HealthCheckResult.Healthy()
        : HealthCheckResult.Degraded("Not known while the database does not answer."));
}

/// <summary>The views are what the events say, as far as the drift watch has looked. Which orders are meant stands in the log, not here where everybody reads.</summary>
public sealed class DriftHealth(IDocumentStore store) : IHealthCheck
{
    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var session = store.QuerySession();
            var wrong = await session.Each(
                $"select data ->> 'view', count(*), max((data ->> 'stoppedBefore')::bigint) from {store.TableOf<Drift>()} group by 1 order by 1",
                row => row.IsDBNull(2) ? $"{Drift.HowMany(row.GetInt64(1))} orders differ in {row.GetString(0)}" : $"{row.GetString(0)} has stopped before event {row.GetInt64(2)}",
                cancellationToken).ToListAsync(cancellationToken);
            return wrong.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded($"{string.Join("; ", wrong)}: see the log, or run 'verify'.");
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            return HealthCheckResult.Degraded("Not known while the database does not answer.");
        }
    }
}
