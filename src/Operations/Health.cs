using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using OrderMonolith.Storage;
using Weasel.Core.Migrations;

namespace OrderMonolith.Operations;

/// <summary>Whether the process is up, and whether it can do its work.</summary>
public static class Health
{
    /// <summary>Sets up the checks.</summary>
    public static void AddHealth(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<StorageHealth>()
        .AddHealthChecks()
        .AddCheck<StorageHealth>("storage", timeout: TimeSpan.FromSeconds(5))
        .AddCheck<ViewHealth>("views", timeout: TimeSpan.FromSeconds(5));

    /// <summary>Serves them to everybody.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false, ResponseWriter = Write }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { ResponseWriter = Write }).AllowAnonymous();
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
            await using var probe = database.CreateCommand("select from events.mt_streams, events.mt_events, views.mt_doc_order limit 0");
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

/// <summary>The views that lag by design do not lag for long.</summary>
public sealed class ViewHealth(IDocumentStore store, NpgsqlDataSource database) : IHealthCheck
{
    /// <summary>An event this old, in seconds, should be in every view.</summary>
    const int Patience = 10;

    readonly string[] shards = [.. store.Advanced.AllAsyncProjectionShardNames().Select(shard => shard.Identity)];

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (shards.Length == 0) return HealthCheckResult.Healthy();
        try
        {
            await using var behind = database.CreateCommand(
                """
                select shard from unnest($1) shard
                where (select timestamp < now() - make_interval(secs => $2)
                       from events.mt_events
                       where seq_id > coalesce((select last_seq_id from events.mt_event_progression where name = shard), 0)
                       order by seq_id limit 1)
                order by shard
                """);
            behind.Parameters.AddWithValue(shards);
            behind.Parameters.AddWithValue((double)Patience);
            var late = new List<string>();
            await using var rows = await behind.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken)) late.Add(rows.GetString(0));
            return late.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded($"Behind by more than {Patience} s: {string.Join(", ", late)}.");
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            return HealthCheckResult.Degraded("Not known while the database does not answer.");
        }
    }
}
