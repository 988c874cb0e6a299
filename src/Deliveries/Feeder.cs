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

    ViewPace? pace;
    (long Sequence, string Type)? next;
    long lookedAt;

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
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        pace is not { } seen || !seen.IsLate(clock.GetUtcNow()) ? HealthCheckResult.Healthy()
        : next is { } e && !Names(store).Stored.Contains(e.Type) ? HealthCheckResult.Degraded($"What goes out has stopped before event {e.Sequence}: this version knows no events called '{e.Type}'.")
        : HealthCheckResult.Degraded($"What goes out has stopped, or is behind since the start, at event {seen.Position} of {seen.Head}."));

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
                var full = await Next(stoppingToken) == Stretch;
                if (clock.GetElapsedTime(lookedAt) > Pause) await Look(stoppingToken);
                if (full) continue;
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

    /// <summary>Has health know how it gets on. Times of events say nothing of that: what is imported happened long ago.</summary>
    async Task Look(CancellationToken cancellation)
    {
        lookedAt = clock.GetTimestamp();
        await using var command = database.CreateCommand("""
            select p.position, coalesce((select max(seq_id) from events.mt_events), 0), e.seq_id, e.type
            from outward.published p left join lateral (select seq_id, type from events.mt_events where seq_id > p.position order by seq_id limit 1) e on true
            """);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation)) return;
        var (position, head, now) = (row.GetInt64(0), row.GetInt64(1), clock.GetUtcNow());
        pace = pace?.Then(position, head, now) ?? ViewPace.First(position, head, now);
        next = row.IsDBNull(2) ? null : (row.GetInt64(2), row.GetString(3));
    }

    async Task Begin(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("insert into outward.published (one, position) values (true, 0) on conflict do nothing");
        await command.ExecuteNonQueryAsync(cancellation);
    }

    [LoggerMessage(LogLevel.Error, "It could not be noted to whom events have to go; it is tried again.")]
    partial void LogFault(Exception e);
}
