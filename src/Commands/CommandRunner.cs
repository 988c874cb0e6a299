using System.Threading.Channels;
using JasperFx;
using Marten;
using Marten.Exceptions;
using OrderMonolith.History;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Commands;

/// <summary>
/// The one place that runs commands. Whatever waits is taken together: one session, one fetch, each command decided on the state that those
/// before it leave, one commit, then all are answered. There is no timer: a lone command waits for nobody.
/// </summary>
/// <remarks>
/// Nobody is answered before the commit. A command that is refused or fails touches no other: a batch that PostgreSQL refuses is run again one by
/// one, on fresh sessions; who then still needs what another session holds is told so, and the others do not wait for that.
/// A batch whose end is unknown, because the database went away, is not run again: every caller is told so.
/// </remarks>
public sealed partial class CommandRunner(IDocumentStore store, TimeProvider clock, ILogger<CommandRunner> log) : BackgroundService
{
    /// <summary>Most commands that wait; one more is refused.</summary>
    public const int MostWaiting = 2_048;

    /// <summary>Most items that waiting commands hold together; a command beyond is refused.</summary>
    public const int MostItemsWaiting = 100_000;

    const int MostPerCommit = 64;
    const int MostItemsPerCommit = 1_000;
    const int MostAttempts = 8;

    // Room for the largest checkouts on a slow disk: a timeout is a fault to everybody in the batch.
    const int SecondsPerCommit = 10;

    /// <summary>How long a batch waits for what another session holds, such as a node that hangs.</summary>
    static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long each command of it waits after that: a batch may need many such locks.</summary>
    static readonly TimeSpan LockPatienceAfterwards = TimeSpan.FromMilliseconds(50);

    readonly KeysUnderway underway = new(clock);
    readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    int itemsWaiting;

    sealed class Waiting(CommandEnvelope envelope) : TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public CommandEnvelope Envelope => envelope;

        public int Items => envelope.Command is CreateOrder { Items.Count: var items } ? items : 1;
    }

    /// <summary>Runs a command; the answer comes after its commit. A repeat waits for the first.</summary>
    /// <exception cref="ServerBusyException">Too many commands wait already, or the service is stopping.</exception>
    public Task<Outcome> Run(CommandEnvelope envelope) => envelope.Key is { } key ? underway.Once(key, () => Queue(envelope)) : Queue(envelope);

    Task<Outcome> Queue(CommandEnvelope envelope)
    {
        // Marten opens no stream without an id, and would refuse the whole batch.
        if (envelope.OrderId == Guid.Empty) return Task.FromResult(Outcome.Refused(Rejections.OrderNotFound));

        var waiting = new Waiting(envelope);
        if (Interlocked.Add(ref itemsWaiting, waiting.Items) <= MostItemsWaiting && queue.Writer.TryWrite(waiting)) return waiting.Task;
        Interlocked.Add(ref itemsWaiting, -waiting.Items);
        return Task.FromException<Outcome>(new ServerBusyException());
    }

    /// <summary>Takes no more commands and finishes those that wait.</summary>
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Waiting>(MostPerCommit);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            batch.Clear();
            for (var items = 0; batch.Count < MostPerCommit && items < MostItemsPerCommit && queue.Reader.TryRead(out var next); items += next.Items)
                batch.Add(next);
            Interlocked.Add(ref itemsWaiting, -batch.Sum(one => one.Items));
            await Finish(batch);
        }
    }

    async Task Finish(List<Waiting> batch)
    {
        try
        {
            await Commit(batch, LockPatience);
        }
        catch (Exception e) when (StorageFault.Is(e) && !StorageFault.IsHeld(e))
        {
            TellAll(batch, e);
        }
        catch (Exception e)
        {
            LogOneByOne(batch.Count, e.GetBaseException().Message);
            await FinishOneByOne(batch, StorageFault.IsHeld(e) ? LockPatienceAfterwards : LockPatience);
        }
    }

    /// <summary>Each on its own, in their order. Once the database is away, the rest need not wait for it one after another.</summary>
    async Task FinishOneByOne(List<Waiting> batch, TimeSpan lockPatience)
    {
        foreach (var one in batch)
        {
            try
            {
                await FinishAlone(one, lockPatience);
            }
            catch (Exception e) when (StorageFault.IsHeld(e))
            {
                // What version the order is about to have, nobody knows.
                one.TrySetResult(Outcome.Refused(one.Envelope.Key is null ? Rejections.ConcurrentChange : Rejections.KeyInUse));
                lockPatience = LockPatienceAfterwards;
            }
            catch (Exception e) when (StorageFault.Is(e))
            {
                TellAll(batch, e);
                return;
            }
            catch (Exception e)
            {
                one.TrySetException(e);
            }
        }
    }

    /// <summary>Decides again on fresh state each time that somebody else was faster: with a change, or with putting the order away.</summary>
    async Task FinishAlone(Waiting one, TimeSpan lockPatience)
    {
        for (var attempt = 1; !one.Task.IsCompleted; attempt++)
        {
            try
            {
                await Commit([one], lockPatience);
            }
            catch (Exception e) when (IsLostRace(e) || e is InvalidStreamOperationException || BrokeBeforeCommit(e))
            {
                if (attempt == MostAttempts) one.TrySetResult(Outcome.Refused(Rejections.ConcurrentChange, await VersionOf(one.Envelope.OrderId)));
            }
        }
    }

    async Task<long?> VersionOf(Guid orderId)
    {
        await using var session = store.QuerySession();
        return (await session.Events.FetchStreamStateAsync(orderId))?.Version;
    }

    async Task Commit(List<Waiting> batch, TimeSpan lockPatience)
    {
        await using var session = store.IdentitySession(new Marten.Services.SessionOptions { Timeout = SecondsPerCommit });
        var query = session.CreateBatchQuery();
        var keys = new KeyedOutcomes(session, query, batch.Select(w => w.Envelope.Key));
        var orders = await OpenOrder.Fetch(session, query, batch.Select(w => w.Envelope.OrderId));
        var now = clock.GetUtcNow();
        var current = new Lazy<Task<EventPlace>>(() => OrderHistory.LastPlace(session));

        var answers = new List<Action>(batch.Count);
        foreach (var one in batch)
        {
            try
            {
                var order = orders[one.Envelope.OrderId];
                var outcome = await keys.Once(one.Envelope, now, async () =>
                {
                    var decided = order.Run(one.Envelope, now);
                    return decided.Order is null || order.LastEvent is not null ? decided : decided with { Place = await current.Value };
                });
                var last = order.LastEvent;
                answers.Add(() => one.TrySetResult(outcome.Order is null ? outcome : outcome with { Place = outcome.Place ?? PlaceOf(last) }));
            }
            catch (Exception poison) when (!IsLostRace(poison))
            {
                answers.Add(() => one.TrySetException(poison));
            }
        }

        if (orders.Values.Any(order => order.LastEvent is not null) || session.PendingChanges.Operations().Any())
            session.QueueOperation(new BoundedWaits(lockPatience, TimeSpan.FromSeconds(SecondsPerCommit)));
        await session.SaveChangesAsync();
        answers.ForEach(answer => answer());
    }

    static EventPlace? PlaceOf(JasperFx.Events.IEvent? e) => e is null ? null : new(e.Sequence, e.Id);

    void TellAll(List<Waiting> batch, Exception fault)
    {
        LogUnavailable(batch.Count, fault.Message);
        foreach (var one in batch) one.TrySetException(fault);
    }

    /// <summary>Whether somebody else changed one of the orders first; nothing was written.</summary>
    internal static bool IsLostRace(Exception e) => e is ConcurrencyException or ConcurrentUpdateException or ExistingStreamIdCollisionException or DocumentAlreadyExistsException
        || (e is AggregateException several && several.InnerExceptions.Any(IsLostRace))
        || e is MartenCommandException { InnerException: Npgsql.PostgresException { SqlState: "40001" or "40P01" } };

    /// <summary>Whether the driver gave up its connection before it asked for COMMIT, while the database was there.</summary>
    /// <remarks>A statement that it was about to prepare behind one that PostgreSQL refused may later lead it astray (seen with Npgsql 10.0.3). The next connection is another one.</remarks>
    static bool BrokeBeforeCommit(Exception e) => e is ObjectDisposedException { Message: nameof(Npgsql.NpgsqlTransaction) } && !StorageFault.Is(e);

    [LoggerMessage(LogLevel.Error, "The database did not answer; {Commands} commands were told so: {Why}")]
    partial void LogUnavailable(int commands, string why);

    [LoggerMessage(LogLevel.Information, "{Commands} commands could not be committed together and run one by one: {Why}")]
    partial void LogOneByOne(int commands, string why);
}
