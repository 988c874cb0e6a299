using System.Threading.Channels;
using Marten.Exceptions;
using OrderMonolith.Contracts;
using OrderMonolith.Storage;
using UUIDNext;

namespace OrderMonolith.Deliveries;

/// <summary>Delivers to one target until nothing is due for it: many orders at once, the events of each one after another.</summary>
/// <remarks>What has ended is noted together, whenever the last note is written: so a fast target costs few transactions, and a slow one holds up nobody else.</remarks>
sealed class TargetRun(string name, ITarget first, Func<ValueTask<ITarget?>> find, WaitingDeliveries queue, PublicEvents events, Published published, TimeProvider clock, CancellationToken stopping)
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>What this node cannot read, such as an event of a newer version, is looked at each minute for an hour, before somebody has to.</summary>
    static TimeSpan? Unreadable(int number) => number < 60 ? TimeSpan.FromMinutes(1) : null;

    /// <summary>How long an order's deliveries go on one after another in one claim; the last of them may take its time then.</summary>
    static readonly TimeSpan Stride = TimeSpan.FromSeconds(5);

    readonly List<ClaimEnd> landed = [];
    readonly Channel<ClaimEnd> ends = Channel.CreateUnbounded<ClaimEnd>();
    readonly int mostAtOnce = first.MostAtOnce;
    ITarget? target = first;
    Attempt.Unreachable? unreachable;
    long putAsideAt;
    int flying;

    /// <summary>Not where the target was paused or removed meanwhile.</summary>
    bool GoesOn => target is not null && unreachable is null && !stopping.IsCancellationRequested;

    /// <summary>Delivers; answers why it ended early, if the target could not be reached.</summary>
    public async Task<Attempt.Unreachable?> Run()
    {
        var ended = Task.FromResult(true);
        while (true)
        {
            var news = published.Next();
            var claims = await Take();
            await Fly(claims);
            if (claims.Count == 0) await PutAside();
            if (flying == 0) break;
            if (ended.IsCompleted) ended = ends.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
            if (claims.Count == 0 || flying >= mostAtOnce) await Task.WhenAny(ended, news, Task.Delay(Glance, clock, CancellationToken.None));
            await Note();
        }

        return unreachable;
    }

    /// <summary>When nothing can be claimed, what is due waits behind something: now and then that is sorted out.</summary>
    async Task PutAside()
    {
        if (!GoesOn || (flying > 0 && clock.GetElapsedTime(putAsideAt) < Glance)) return;
        putAsideAt = clock.GetTimestamp();
        try
        {
            await queue.PutAside(name, CancellationToken.None);
        }
        catch (Exception e) when (Passes(e))
        {
            // Another time will do.
        }
    }

    /// <summary>A fault that passes, while something is under way that must not be left alone for it.</summary>
    bool Passes(Exception e) => flying > 0 && (StorageFault.Is(e) || StorageFault.MaySendAgain(e));

    async Task<List<Claim>> Take()
    {
        try
        {
            if (!GoesOn || flying >= mostAtOnce) return [];
            target = await find();
            return target is null ? [] : await queue.Take(name, mostAtOnce - flying, target.Patience + Stride, stopping);
        }
        catch (Exception e) when (stopping.IsCancellationRequested || Passes(e))
        {
            return [];
        }
    }

    async Task Fly(List<Claim> claims)
    {
        if (claims.Count == 0) return;
        flying += claims.Count;
        try
        {
            var told = (await Tell(claims)).ToDictionary(e => e.Sequence);
            foreach (var claim in claims) _ = Fly(claim, told, target!);
        }
        catch (Exception e) when (Passes(e))
        {
            foreach (var claim in claims) ends.Writer.TryWrite(new(claim, 0, null, []));
        }
    }

    /// <summary>One event that cannot be read is not to hold up other orders.</summary>
    async Task<IReadOnlyList<PublicEvent>> Tell(List<Claim> claims)
    {
        try
        {
            return await events.At([.. claims.SelectMany(claim => claim.Deliveries).Select(delivery => delivery.Sequence)], stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception e) when (e is UnknownEventTypeException or EventDeserializationFailureException)
        {
            if (claims is not [var claim]) return [.. (await Task.WhenAll(claims.Select(one => Tell([one])))).SelectMany(told => told)];
            return claim.Deliveries.Count == 1 ? [] : await Tell([claim with { Deliveries = [claim.Deliveries[0]] }]);
        }
    }

    async Task Fly(Claim claim, Dictionary<long, PublicEvent> told, ITarget to)
    {
        var (begin, delivered, kept) = (clock.GetTimestamp(), 0, new List<KeptAttempt>());
        Attempt.Failed? failed = null;
        foreach (var delivery in claim.Deliveries)
        {
            if (!GoesOn || (delivered > 0 && clock.GetElapsedTime(begin) > Stride)) break;
            var attempt = told.TryGetValue(delivery.Sequence, out var e) ? await Deliver(to, e, delivery.Attempts + 1, kept) : new Attempt.Failed("This node cannot read the event.", Unreadable(delivery.Attempts + 1));
            failed = attempt as Attempt.Failed;
            unreachable ??= attempt as Attempt.Unreachable;
            if (attempt is not Attempt.Delivered) break;
            delivered++;
        }

        ends.Writer.TryWrite(new(claim, delivered, failed, kept));
    }

    async Task<Attempt?> Deliver(ITarget to, PublicEvent e, int number, List<KeptAttempt> kept)
    {
        var at = clock.GetUtcNow();
        try
        {
            var attempt = await to.Deliver(e, number, stopping);
            if (attempt.Exchange is { } exchange) kept.Add(new(Uuid.NewSequential(), e, number, at, (attempt as Attempt.Failed)?.Why, exchange));
            return attempt;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault)
        {
            return new Attempt.Failed(fault.Message, Unreadable(number));
        }
    }

    /// <summary>Also when the node stops: what has arrived is not to be sent again.</summary>
    async Task Note()
    {
        while (ends.Reader.TryRead(out var end)) landed.Add(end);
        if (landed.Count == 0) return;
        try
        {
            await queue.Note(name, landed, CancellationToken.None);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested && Passes(e))
        {
            // It is noted as soon as that goes, so that what arrived is not sent again: nobody else has the orders until their claims end.
            await Task.Delay(Glance, clock, CancellationToken.None);
            return;
        }

        flying -= landed.Count;
        landed.Clear();
    }
}
