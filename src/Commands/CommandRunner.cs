using System.Threading.Channels;
using JasperFx;
using Marten;
using Marten.Exceptions;
using OrderMonolith.Orders;
using OrderMonolith.Storage;

namespace OrderMonolith.Commands;

/// <summary>
/// The one place that runs commands. Whatever waits is taken together: one session, one fetch, each command decided on the state that those
/// before it leave, one commit, then all are answered. There is no timer: a lone command waits for nobody.
/// </summary>
/// <remarks>
/// Nobody is answered before the commit. A command that is refused or fails touches no other: a batch that PostgreSQL refuses is run again one by
/// one, on fresh sessions. A batch whose end is unknown, because the database went away, is not run again: every caller is told so.
/// </remarks>
public sealed partial class CommandRunner(IDocumentStore store, TimeProvider clock, ILogger<CommandRunner> log) : BackgroundService
{
    const int MostWaiting = 2_048;
    const int MostPerCommit = 64;
    const int MostAttempts = 8;

    readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    sealed class Waiting(CommandEnvelope envelope) : TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public CommandEnvelope Envelope => envelope;
    }

    /// <summary>Runs a command; the answer comes after its commit.</summary>
    /// <exception cref="ServerBusyException">Too many commands wait already.</exception>
    public Task<Outcome> Run(CommandEnvelope envelope)
    {
        var waiting = new Waiting(envelope);
        return queue.Writer.TryWrite(waiting) ? waiting.Task : throw new ServerBusyException();
    }

    /// <summary>Takes no more commands and finishes those that wait.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Waiting>(MostPerCommit);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            batch.Clear();
            while (batch.Count < MostPerCommit && queue.Reader.TryRead(out var next)) batch.Add(next);
            await Finish(batch);
        }
    }

    async Task Finish(List<Waiting> batch)
    {
        try
        {
            await Commit(batch);
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            LogUnavailable(e, batch.Count);
            foreach (var one in batch) one.TrySetException(e);
        }
        catch (Exception e) when (batch.Count > 1)
        {
            LogOneByOne(e, batch.Count);
            foreach (var one in batch.Where(w => !w.Task.IsCompleted)) await FinishAlone(one);
        }
        catch (Exception)
        {
            await FinishAlone(batch[0]);
        }
    }

    async Task FinishAlone(Waiting one)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Commit([one]);
                return;
            }
            catch (Exception e) when (IsLostRace(e))
            {
                if (attempt < MostAttempts) continue;
                one.TrySetResult(new(null, Rejections.ConcurrentChange, null));
                return;
            }
            catch (Exception e)
            {
                one.TrySetException(e);
                return;
            }
        }
    }

    async Task Commit(List<Waiting> batch)
    {
        await using var session = store.LightweightSession();
        var orders = await OpenOrder.Fetch(session, batch.Select(w => w.Envelope.OrderId));
        var now = clock.GetUtcNow();

        var outcomes = new Outcome?[batch.Count];
        for (var i = 0; i < batch.Count; i++)
        {
            try
            {
                outcomes[i] = orders[batch[i].Envelope.OrderId].Run(batch[i].Envelope, now);
            }
            catch (Exception poison)
            {
                batch[i].TrySetException(poison);
            }
        }

        await session.SaveChangesAsync();
        for (var i = 0; i < batch.Count; i++)
            if (outcomes[i] is { } outcome) batch[i].TrySetResult(outcome);
    }

    /// <summary>Whether somebody else changed one of the orders first; nothing was written.</summary>
    internal static bool IsLostRace(Exception e) => e is ConcurrencyException or ExistingStreamIdCollisionException
        || e is AggregateException several && several.InnerExceptions.Any(IsLostRace)
        || e is MartenCommandException { InnerException: Npgsql.PostgresException { SqlState: "40001" or "40P01" } };

    [LoggerMessage(LogLevel.Error, "The database did not answer; {Commands} commands were told to try again.")]
    partial void LogUnavailable(Exception e, int commands);

    [LoggerMessage(LogLevel.Information, "{Commands} commands could not be committed together and run one by one.")]
    partial void LogOneByOne(Exception e, int commands);
}
