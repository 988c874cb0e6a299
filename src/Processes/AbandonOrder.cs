using System.Diagnostics;
using JasperFx.Core;
using Marten;
using OrderMonolith.Commands;
using OrderMonolith.Orders;
using OrderMonolith.Storage;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace OrderMonolith.Processes;

/// <summary>Asks whether an order was abandoned. There is one such message for each pending order, and it lies in the database until it is due.</summary>
/// <param name="OrderId">The order.</param>
[MessageIdentity("abandon_order"), LocalQueue("abandonment")]
public sealed record AbandonOrder(Guid OrderId);

/// <summary>Answers it: by the same rules, and through the same runner, as a command that somebody sends.</summary>
public static class AbandonOrderHandler
{
    /// <summary>Cancels the order, or has it looked at again later. What is decided on a version that the order no longer has is decided again.</summary>
    /// <returns>The next look at the order, put off in the transaction that ends this one.</returns>
    [Transactional]
    public static async Task<ScheduledMessage<AbandonOrder>?> Handle(
        AbandonOrder message, Envelope envelope, IDocumentSession session, CommandRunner runner, OrdersSettings settings, TimeProvider clock, CancellationToken cancellation)
    {
        switch (Abandonment.Of(await session.LoadAsync<Order>(message.OrderId, cancellation), settings.Patience, clock.GetUtcNow()))
        {
            case Abandonment.NotYet(var later):
                return message.ScheduledAt(later);
            case Abandonment.Due(var command, var version):
                var outcome = await runner.Run(new(message.OrderId, command, Cause(envelope), IfVersionIn: [version], Key: Key(message, envelope)));
                if (outcome.Rejection is { } no && MayChange(no)) throw new UndecidedException(no);
                return null;
            default:
                return null;
        }
    }

    /// <summary>What may be gone in a moment is tried for longer than a database needs to come back; all else a few times, before somebody has to look.</summary>
    public static void Configure(HandlerChain chain)
    {
        chain.OnException<UndecidedException>().Or<ServerBusyException>().Or(StorageFault.Is)
            .RetryWithCooldown(50.Milliseconds(), 250.Milliseconds(), 1.Seconds()).WithFullJitter()
            .Then.ScheduleRetry(10.Seconds(), 1.Minutes(), 5.Minutes(), 30.Minutes());
        chain.OnAnyException().RetryWithCooldown(50.Milliseconds(), 250.Milliseconds(), 1.Seconds()).Then.MoveToErrorQueue();
    }

    static Cause Cause(Envelope envelope) => new("system", envelope.Id.ToString(), (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString());

    static CommandKey Key(AbandonOrder message, Envelope envelope) => new($"message/{envelope.Id}", $"abandon_order/{message.OrderId}", Minimal: true);

    /// <summary>Whether another answer may come of asking again. An order that was put away, say, stays so.</summary>
    static bool MayChange(Rejection no) => no == Rejections.ConcurrentChange || no == Rejections.KeyInUse || no.Code is "version-conflict";
}

/// <summary>Others changed the order meanwhile: to be decided again.</summary>
public sealed class UndecidedException(Rejection why) : Exception(why.Message);
