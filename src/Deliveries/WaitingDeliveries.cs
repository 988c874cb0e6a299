using Npgsql;
using NpgsqlTypes;

namespace OrderMonolith.Deliveries;

/// <summary>Something that waits to be delivered.</summary>
/// <param name="Version">The event's place in its order's history.</param>
/// <param name="Sequence">Its place in the store's history.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record Delivery(long Version, long Sequence, int Attempts);

/// <summary>An order whose next deliveries to a target are this node's for a while: nobody else delivers any of that order there meanwhile.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Until">How long; it also tells this claim from any other.</param>
/// <param name="Deliveries">What waits, in the order of the events; nothing behind one that was given up.</param>
public sealed record Claim(Guid OrderId, DateTime Until, IReadOnlyList<Delivery> Deliveries);

/// <summary>How far the deliveries of a claim came.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Delivered">How many of its deliveries have arrived.</param>
/// <param name="Failed">How the next one failed, if it did.</param>
/// <param name="Kept">What is kept of the attempts.</param>
public sealed record ClaimEnd(Claim Claim, int Delivered, Attempt.Failed? Failed, IReadOnlyList<KeptAttempt> Kept);

/// <summary>The table of what has not been delivered yet.</summary>
/// <remarks>
/// Only the oldest delivery of an order at a target can be claimed, so one that waits to be tried again holds up those behind it, and nothing else. A claim ends by itself, so
/// what a killed node had claimed goes on elsewhere.
/// </remarks>
public sealed class WaitingDeliveries(NpgsqlDataSource database)
{
    /// <summary>Most deliveries of one order in a claim.</summary>
    const int MostOfAnOrder = 20;

    /// <summary>Most that are put aside at once.</summary>
    const int MostAside = 10_000;

    const string IsOldest = "not exists (select from outward.deliveries b where b.target = d.target and b.order_id = d.order_id and b.version < d.version)";

    /// <summary>The targets that something is due for.</summary>
    public async Task<List<string>> DueTargets(CancellationToken cancellation)
    {
        await using var question = database.CreateCommand("select name from outward.targets t where not paused and exists (select from outward.deliveries d where d.target = t.name and d.due <= now())");
        await using var rows = await question.ExecuteReaderAsync(cancellation);
        var targets = new List<string>();
        while (await rows.ReadAsync(cancellation)) targets.Add(rows.GetString(0));
        return targets;
    }

    /// <summary>Claims orders that something is due for.</summary>
    /// <param name="target">At which target.</param>
    /// <param name="most">Most orders.</param>
    /// <param name="length">How long nobody else may have them.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<List<Claim>> Take(string target, int most, TimeSpan length, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"""
            with oldest as (
                select d.order_id, d.version from outward.deliveries d
                where d.target = $1 and d.due <= now() and (d.claimed_until is null or d.claimed_until <= now()) and {IsOldest}
                order by d.due limit $2 for update skip locked
            ), claimed as (
                update outward.deliveries d set claimed_until = now() + $3 from oldest o
                where d.target = $1 and d.order_id = o.order_id and d.version = o.version
                returning d.order_id, d.version, d.claimed_until
            )
            select c.order_id, c.claimed_until, d.version, d.sequence, d.attempts
            from claimed c cross join lateral (
                select version, sequence, attempts, bool_or(given_up_at is not null) over (order by version) held
                from outward.deliveries where target = $1 and order_id = c.order_id and version >= c.version order by version limit {MostOfAnOrder}
            ) d where not d.held order by c.order_id, d.version
            """);
        command.Parameters.Add(new() { Value = target });
        command.Parameters.Add(new() { Value = most });
        command.Parameters.Add(new() { Value = length });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var claims = new List<Claim>();
        var deliveries = new List<Delivery>();
        while (await rows.ReadAsync(cancellation))
        {
            if (claims.Count == 0 || claims[^1].OrderId != rows.GetGuid(0)) claims.Add(new(rows.GetGuid(0), rows.GetDateTime(1), deliveries = []));
            deliveries.Add(new(rows.GetInt64(2), rows.GetInt64(3), rows.GetInt32(4)));
        }

        return claims;
    }

    /// <summary>Puts aside what is due but waits behind something that is not, until that is: so that many a look finds only what can be done.</summary>
    /// <remarks>Who takes the oldest away waits until this is done, and then calls what was put aside: so nothing stays aside for ever.</remarks>
    public async Task PutAside(string target, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"""
            with due as (
                select order_id, version from outward.deliveries where target = $1 and due <= now() order by due limit {MostAside} for update skip locked
            ), oldest as (
                select order_id, version, due, claimed_until from outward.deliveries d
                where target = $1 and order_id in (select order_id from due) and (due > now() or claimed_until > now()) and {IsOldest} for share skip locked
            )
            update outward.deliveries d set due = greatest(o.due, o.claimed_until)
            from due join oldest o on o.order_id = due.order_id and o.version < due.version
            where d.target = $1 and d.order_id = due.order_id and d.version = due.version
            """);
        command.Parameters.Add(new() { Value = target });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Notes how claims ended, all of it at once.</summary>
    /// <remarks>What a claim that has run out says of a failure no longer counts: somebody else has the order.</remarks>
    public async Task Note(string target, IReadOnlyCollection<ClaimEnd> ends, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        var delivered = ends.SelectMany(end => end.Claim.Deliveries.Take(end.Delivered).Select(delivery => (end.Claim.OrderId, delivery.Version))).ToList();
        if (delivered.Count > 0)
        {
            Add("delete from outward.deliveries d using unnest($2, $3) done(order_id, version) where d.target = $1 and d.order_id = done.order_id and d.version = done.version",
                (NpgsqlDbType.Uuid, delivered.Select(d => d.OrderId).ToArray()), (NpgsqlDbType.Bigint, delivered.Select(d => d.Version).ToArray()));
        }

        var failed = ends.Where(end => end.Failed is not null).ToList();
        if (failed.Count > 0)
        {
            Add("""
                update outward.deliveries d
                set attempts = attempts + 1, why = f.why, claimed_until = null, due = coalesce(now() + f.retry_in, 'infinity'), given_up_at = case when f.retry_in is null then now() end
                from unnest($2, $3, $4, $5, $6) f(order_id, version, claimed_until, why, retry_in)
                where d.target = $1 and d.order_id = f.order_id and d.version = f.version and d.claimed_until is not distinct from f.claimed_until
                """,
                (NpgsqlDbType.Uuid, failed.Select(end => end.Claim.OrderId).ToArray()),
                (NpgsqlDbType.Bigint, failed.Select(end => end.Claim.Deliveries[end.Delivered].Version).ToArray()),
                (NpgsqlDbType.TimestampTz, failed.Select(end => end.Delivered == 0 ? end.Claim.Until : (DateTime?)null).ToArray()),
                (NpgsqlDbType.Text, failed.Select(end => end.Failed!.Why).ToArray()),
                (NpgsqlDbType.Interval, failed.Select(end => end.Failed!.RetryIn).ToArray()));
        }

        // What is left of an order can be claimed at once: the claim was cut short, or somebody put it aside because of the claim.
        var left = ends.Where(end => end.Failed is null).ToList();
        if (left.Count > 0)
        {
            Add("""
                update outward.deliveries d set claimed_until = null, due = least(d.due, now()) from unnest($2, $3) l(order_id, claimed_until)
                where d.target = $1 and d.order_id = l.order_id and d.given_up_at is null and (d.claimed_until = l.claimed_until or (d.claimed_until is null and d.due > now()))
                """,
                (NpgsqlDbType.Uuid, left.Select(end => end.Claim.OrderId).ToArray()), (NpgsqlDbType.TimestampTz, left.Select(end => end.Claim.Until).ToArray()));
        }

        if (ends.SelectMany(end => end.Kept).ToList() is { Count: > 0 } kept) Add(KeptAttempt.Insert, KeptAttempt.Columns(kept));
        await batch.ExecuteNonQueryAsync(cancellation);

        void Add(string sql, params (NpgsqlDbType Type, Array Values)[] columns)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new() { Value = target });
            foreach (var (type, values) in columns) command.Parameters.Add(new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type });
            batch.BatchCommands.Add(command);
        }
    }
}
