using System.Threading.Channels;
using Marten.Exceptions;
using OrderMonolith.Contracts;

namespace OrderMonolith.Deliveries;

/// <summary>Delivers to one target until nothing is due for it: many orders at once, the events of each one after another.</summary>
/// <remarks>What has ended is noted together, whenever the last note is written: so a fast target costs few transactions, and a slow one holds up nobody else.</remarks>
sealed class TargetRun(string name, ITarget target, WaitingDeliveries queue, PublicEvents events, Published published, TimeProvider clock, CancellationToken stopping)
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>What no node can read yet, such as an event of a newer version, is looked at again after this time.</summary>
    static readonly TimeSpan Unreadable = TimeSpan.FromMinutes(1);

    readonly Channel<ClaimEnd> ends = Channel.CreateUnbounded<ClaimEnd>(new() { SingleReader = true });
    Attempt.Unreachable? unreachable;
    int flying;

    /// <summary>An order's run begins no further attempt after one attempt's time, so that a claim outlives two.</summary>
    TimeSpan ClaimLength => 2 * target.Patience + TimeSpan.FromSeconds(5);

    /// <summary>Delivers; answers why it ended early, if the target could not be reached.</summary>
    public async Task<Attempt.Unreachable?> Run()
    {
        while (true)
        {
            var news = published.Next();
            var claims = unreachable is null && !stopping.IsCancellationRequested && flying < target.MostAtOnce ? await queue.Take(name, target.MostAtOnce - flying, ClaimLength, stopping) : [];
            await Fly(claims);
            if (flying == 0) break;
            if (claims.Count == 0 || flying >= target.MostAtOnce) await Task.WhenAny(ends.Reader.WaitToReadAsync(CancellationToken.None).AsTask(), news, Task.Delay(Glance, clock, CancellationToken.None));
            await Note();
        }

        if (unreachable is null && !stopping.IsCancellationRequested) await queue.PutAside(name, stopping);
        return unreachable;
    }

    async Task Fly(List<Claim> claims)
    {
        if (claims.Count == 0) return;
        var told = (await Tell(claims)).ToDictionary(e => e.Sequence);
        flying += claims.Count;
        foreach (var claim in claims) _ = Fly(claim, told);
    }

    /// <summary>One event that cannot be read is not to hold up other orders.</summary>
    async Task<IReadOnlyList<PublicEvent>> Tell(List<Claim> claims)
    {
        try
        {
            return await events.At([.. claims.SelectMany(claim => claim.Deliveries).Select(delivery => delivery.Sequence)], stopping);
        }
        catch (Exception e) when (e is UnknownEventTypeException or EventDeserializationFailureException)
        {
            if (claims is not [var claim]) return [.. (await Task.WhenAll(claims.Select(one => Tell([one])))).SelectMany(told => told)];
            return claim.Deliveries.Count == 1 ? [] : await Tell([claim with { Deliveries = [claim.Deliveries[0]] }]);
        }
    }

    async Task Fly(Claim claim, Dictionary<long, PublicEvent> told)
    {
        var (begin, delivered, kept) = (clock.GetTimestamp(), 0, new List<KeptAttempt>());
        Attempt.Failed? failed = null;
        foreach (var delivery in claim.Deliveries)
        {
            if (unreachable is not null || stopping.IsCancellationRequested || (delivered > 0 && clock.GetElapsedTime(begin) > target.Patience)) break;
            var attempt = told.TryGetValue(delivery.Sequence, out var e) ? await Deliver(e, delivery.Attempts + 1, kept) : new Attempt.Failed("This node cannot read the event.", Unreadable);
            failed = attempt as Attempt.Failed;
            unreachable ??= attempt as Attempt.Unreachable;
            if (attempt is not Attempt.Delivered) break;
            delivered++;
        }

        ends.Writer.TryWrite(new(claim, delivered, failed, kept));
    }

    async Task<Attempt?> Deliver(PublicEvent e, int number, List<KeptAttempt> kept)
    {
        var at = clock.GetUtcNow();
        try
        {
            var attempt = await target.Deliver(e, number, stopping);
            if (attempt.Exchange is { } exchange) kept.Add(new(Guid.CreateVersion7(), e, number, at, (attempt as Attempt.Failed)?.Why, exchange));
            return attempt;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            return new Attempt.Failed(fault.Message, Unreadable);
        }
    }

    /// <summary>Also when the node stops: what has arrived is not to be sent again.</summary>
    async Task Note()
    {
        var ended = new List<ClaimEnd>();
        while (ends.Reader.TryRead(out var end)) ended.Add(end);
        if (ended.Count == 0) return;
        await queue.Note(name, ended, CancellationToken.None);
        flying -= ended.Count;
    }
}
