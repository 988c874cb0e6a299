using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using NpgsqlTypes;
using OrderMonolith.Contracts;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Deliveries;

/// <summary>Follows the events and notes, for each, to whom it has to go: in the transaction that notes how far it came, so no event is forgotten and none is noted twice.</summary>
/// <remarks>
/// It goes as far as the store's high-water mark, below which no event is ever going to appear. What an event tells it need not know, so it reads none: one that cannot be read holds up its own order alone,
/// and only where it is to be delivered. It stops before an event of a name that this version does not know: nobody here could say what that is called outside. Every node has one, and whichever is there first
/// takes the next stretch.
/// </remarks>
public sealed partial class Feeder(IDocumentStore store, NpgsqlDataSource database, TimeProvider clock, ILogger<Feeder> log) : BackgroundService, IHealthCheck
{
    /// <summary>The channel on which nodes hear that there is something new.</summary>
    public const string Channel = "outward";

    /// <summary>Most events that are looked at together.</summary>
    const int Stretch = 5_000;

    /// <summary>What the store itself puts where a number was taken and no event came.</summary>
    const string Filler = "tombstone";

    const string Feed = """
        with place as (
            select position from outward.published for update skip locked
        ), stretch as (
            select e.stream_id, e.version, e.seq_id, e.type from events.mt_events e
            where e.seq_id > (select position from place) and e.seq_id <= (select last_seq_id from events.mt_event_progression where name = 'HighWaterMark')
            order by e.seq_id limit $1
        ), told as (
            select s.*, n.told from stretch s join unnest($2, $3) n(stored, told) on n.stored = s.type
        ), reach as (
            select coalesce((select min(seq_id) from stretch where type <> all($2) and type <> $4) - 1, max(seq_id)) as position from stretch
        ), fed as (
            insert into outward.deliveries (target, order_id, version, sequence, type, due, attempts)
            select t.name, e.stream_id, e.version, e.seq_id, e.told, now(), 0
            from told e join outward.targets t on e.seq_id > t.after and (t.types = '{}' or e.told = any(t.types))
            where e.seq_id <= (select position from reach)
            on conflict do nothing
        ), moved as (
            update outward.published p set position = reach.position from place, reach where reach.position > place.position returning p.position
        )
        select count(*), pg_notify('outward', '') from moved, stretch group by moved.position
        """;

    static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Notes the next stretch of events.</summary>
    /// <returns>How many events were looked at; 0 where there are none, or another node is at it.</returns>
    public async Task<long> Next(CancellationToken cancellation)
    {
        var (stored, told) = Names(store);
        await using var command = database.CreateCommand(Feed);
        command.Parameters.Add(new() { Value = Stretch });
        command.Parameters.Add(new() { Value = stored, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = told, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = Filler });
        return await command.ExecuteScalarAsync(cancellation) as long? ?? 0;
    }

    /// <summary>The names that events have or had, and for each the contract that tells of it.</summary>
    internal static (string[] Stored, string[] Told) Names(IDocumentStore store)
    {
        var known = store.Options.Events.AllKnownEventTypes().Where(e => Translation.NamesByEvent.ContainsKey(e.EventType)).ToList();
        return ([.. known.Select(e => e.EventTypeName)], [.. known.Select(e => Translation.NamesByEvent[e.EventType])]);
    }

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var session = store.QuerySession();
            var waits = await session.Find("""
                select e.seq_id, e.type from events.mt_events e
                where e.seq_id > (select position from outward.published) and e.timestamp < now() - interval '10 seconds' order by e.seq_id limit 1
                """, row => (Sequence: row.GetInt64(0), Type: row.GetString(1)));
            return waits is not [var first] ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded(Names(store).Stored.Contains(first.Type) ? $"What goes out is behind, at event {first.Sequence}." : $"What goes out has stopped before event {first.Sequence}: this version knows no events called '{first.Type}'.");
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            return HealthCheckResult.Degraded("Not known while the database does not answer.");
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var begun = false; !stoppingToken.IsCancellationRequested;)
        {
            var pause = Soon;
            try
            {
                if (!begun) await Begin(stoppingToken);
                begun = true;
                if (await Next(stoppingToken) == Stretch) continue;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!StorageFault.Is(e)) LogFault(e);
                pause = Pause;
            }

            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Begin(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("insert into outward.published (one, position) values (true, 0) on conflict do nothing");
        await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Error, "It could not be noted to whom events have to go; it is tried again.")]
    partial void LogFault(Exception e);
}
