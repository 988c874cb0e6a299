using Marten;
using Npgsql;
using OrderMonolith.Http;
using OrderMonolith.Storage;

namespace OrderMonolith.Views;

/// <summary>Watches the views that follow the events from behind, so that nobody who asks has to.</summary>
public sealed class ViewLag(IDocumentStore store, NpgsqlDataSource database, TimeProvider clock) : BackgroundService
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    // Subscriptions too: they are no views, but one that stopped must be seen.
    readonly string[] shards = [.. ((StoreOptions)store.Options).Projections.AllShards().Select(shard => shard.Name.Identity)];
    readonly Dictionary<string, ViewPace> paces = [];
    volatile IReadOnlyDictionary<string, string?> late = new Dictionary<string, string?>();
    volatile bool isKnown = true;

    /// <summary>The views that have stopped, or have not yet caught up with what there was when this process started, by the name of their shards.</summary>
    public IEnumerable<string> Late => late.Keys;

    /// <summary>Whether the last glance succeeded.</summary>
    public bool IsKnown => isKnown;

    /// <summary>Whether a view has stopped, or has not yet caught up with what there was when this process started.</summary>
    public bool IsLate(KeptView view) => late.ContainsKey(view.Shard);

    /// <summary>Refuses to answer from a view that is late.</summary>
    /// <exception cref="ProblemException"><c>projection-behind</c>.</exception>
    public void MustNotBe(KeptView view)
    {
        if (late.TryGetValue(view.Shard, out var why))
            throw new ProblemException("projection-behind", why ?? "The view has stopped, or does not hold yet what happened before this node started.");
    }

    /// <summary>Looks once before anything is served.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (shards.Length > 0) await Look(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (shards.Length == 0) return;
        try
        {
            await Watch(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host whose start failed ends its services without a stop, and would call this a fault of ours.
        }
    }

    async Task Watch(CancellationToken cancellation)
    {
        using var glances = new PeriodicTimer(Glance, clock);
        while (await glances.WaitForNextTickAsync(cancellation))
        {
            try
            {
                await Look(cancellation);
                isKnown = true;
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                isKnown = false;
            }
        }
    }

    async Task Look(CancellationToken cancellation)
    {
        await using var question = database.CreateCommand($"""
            select shard, coalesce((select last_seq_id from events.mt_event_progression where name = shard), 0), (select coalesce(max(seq_id), 0) from events.mt_events),
                   (select (data ->> 'stoppedBefore')::bigint from {store.TableOf<Drift>()} where id = split_part(shard, ':', 1))
            from unnest($1) shard order by shard
            """);
        question.Parameters.AddWithValue(shards);
        var now = clock.GetUtcNow();
        var found = new Dictionary<string, string?>();
        await using var rows = await question.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
        {
            var (shard, position, head) = (rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2));
            var pace = paces[shard] = paces.TryGetValue(shard, out var before) ? before.Then(position, head, now) : ViewPace.First(position, head, now);
            if (pace.IsLate(now) || (!rows.IsDBNull(3) && position < rows.GetInt64(3))) found[shard] = rows.IsDBNull(3) ? null : $"The view has stopped before the event with the sequence {rows.GetInt64(3)}, which it cannot take.";
        }

        late = found;
    }
}
