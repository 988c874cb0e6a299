using JasperFx;
using Marten;
using Marten.Linq.MatchesSql;
using Microsoft.Extensions.Caching.Memory;
using OrderMonolith.Deliveries;
using OrderMonolith.Http;

namespace OrderMonolith.Webhooks;

/// <summary>The webhooks there are, each of which is a target of deliveries under its id.</summary>
public sealed class WebhookRegister(IDocumentStore store) : IDisposable
{
    /// <summary>Most webhooks.</summary>
    public const int Most = 1_000;

    const int MostTries = 10;

    static ProblemException NotFound => new("webhook-not-found", "There is no webhook with this id.");

    /// <summary>Another node's change is seen within this time.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    readonly MemoryCache known = new(new MemoryCacheOptions());

    /// <summary>A webhook as it was a second ago at most, with every change by this node; null where there is none.</summary>
    public async ValueTask<Webhook?> Glance(Guid id, CancellationToken cancellation) => known.TryGetValue(id, out Webhook? webhook) ? webhook : Keep(id, await Find(id, cancellation));

    /// <summary>A webhook as it is.</summary>
    /// <exception cref="ProblemException"><c>webhook-not-found</c></exception>
    public async Task<Webhook> Get(Guid id, CancellationToken cancellation) => await Find(id, cancellation) ?? throw NotFound;

    /// <summary>The webhooks behind one, the oldest first.</summary>
    public async Task<IReadOnlyList<Webhook>> Behind(Guid id, int limit, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.Query<Webhook>().Where(webhook => webhook.MatchesSql("d.id > ?", id)).OrderBy(webhook => webhook.Id).Take(limit).ToListAsync(cancellation);
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="ProblemException"><c>too-many-webhooks</c></exception>
    public async Task Add(Webhook webhook, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (await session.Query<Webhook>().CountAsync(cancellation) >= Most) throw new ProblemException("too-many-webhooks", $"There are {Most} webhooks already.");
        session.Insert(webhook);
        session.AddTarget(webhook.Id.ToString(), webhook.Types);
        await session.SaveChangesAsync(cancellation);
        Keep(webhook.Id, webhook);
    }

    /// <summary>Changes one; whoever else changes it at the same time is not overwritten. A change that answers the very same webhook is none.</summary>
    /// <returns>The webhook after it.</returns>
    /// <exception cref="ProblemException"><c>webhook-not-found</c>; <c>concurrent-change</c>: others kept changing it.</exception>
    public async Task<Webhook> Change(Guid id, Func<Webhook, Webhook> change, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            await using var session = store.LightweightSession();
            if (await session.LoadAsync<Webhook>(id, cancellation) is not { } webhook) throw NotFound;
            var changed = change(webhook);
            try
            {
                if (!ReferenceEquals(webhook, changed)) Store(session, webhook, changed);
                await session.SaveChangesAsync(cancellation);
                return Keep(id, changed)!;
            }
            catch (ConcurrencyException) when (tries < MostTries)
            {
                // It is decided again on what they made of it.
            }
            catch (ConcurrencyException)
            {
                throw new ProblemException("concurrent-change", "Others kept changing the webhook. Nothing was done. Try again.");
            }
        }
    }

    /// <summary>Removes one, and all that waits for it.</summary>
    /// <exception cref="ProblemException"><c>webhook-not-found</c></exception>
    public async Task Remove(Guid id, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        if (await session.LoadAsync<Webhook>(id, cancellation) is null) throw NotFound;
        session.Delete<Webhook>(id);
        session.RemoveTarget(id.ToString());
        await session.SaveChangesAsync(cancellation);
        Keep(id, null);
    }

    /// <inheritdoc />
    public void Dispose() => known.Dispose();

    async Task<Webhook?> Find(Guid id, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Webhook>(id, cancellation);
    }

    static void Store(IDocumentSession session, Webhook before, Webhook after)
    {
        session.Store(after);
        if (!before.Types.SequenceEqual(after.Types)) session.ChangeTarget(after.Id.ToString(), after.Types);
        if (after.Status != before.Status) session.PauseTarget(after.Id.ToString(), after.Status is WebhookStatus.Paused);
        if (after.Status is WebhookStatus.Active && (before.Status is WebhookStatus.Paused || before.Url != after.Url)) session.HurryTarget(after.Id.ToString());
    }

    Webhook? Keep(Guid id, Webhook? webhook) => known.Set(id, webhook, Fresh);
}
