using System.Diagnostics;
using System.Text;
using JasperFx.Core;
using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Storage;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace OrderMonolith.Bus;

/// <summary>Takes commands from the queue through the runner that all commands go through, and answers them.</summary>
public sealed class CommandMessages(CommandRunner runner, Answers answers)
{
    /// <summary>Longest id of a message.</summary>
    const int LongestId = 255;

    /// <summary>The actor where the broker vouches for nobody.</summary>
    const string Actor = "rabbitmq";

    /// <summary>Runs one, or refuses it, and sends the answer. What may be otherwise in a moment is thrown: then it is tried again.</summary>
    public async Task Take(ReceivedCommand message, CancellationToken cancellation)
    {
        CommandMessage? command = null;
        Verdict verdict;
        try
        {
            var (caller, key) = (CallerOf(message), KeyOf(message));
            command = CommandMessage.Read(Encoding.UTF8.GetBytes(message.Body), caller);
            verdict = await Run(message, command, caller, key);
        }
        catch (ProblemException problem) when (Problems.Kinds[problem.Code].Status < 500)
        {
            verdict = Verdict.Refused(problem.Code, problem.Message, errors: problem.Errors);
        }

        await answers.Send(message, command, verdict, cancellation);
    }

    async Task<Verdict> Run(ReceivedCommand message, CommandMessage command, Caller caller, CommandKey key)
    {
        var cause = new Cause(caller.Actor, message.MessageId!, TraceOf(message));
        var outcome = await runner.Run(new(command.OrderId, command.Command, cause, IfVersionIn: command.IfMatch, Key: key));
        if (outcome.Repeated is { } before)
            return before.Rejection is { } said ? Verdict.Refused(said.Code, said.Message, before.CurrentVersion, orderId: before.OrderId) : Verdict.Applied(before.OrderId, before.Version!.Value);
        if (outcome.Order is { } order) return Verdict.Applied(order.Id, order.Version);

        var why = outcome.Rejection!;
        if (why.Code == Rejections.KeyInUse.Code || why.Code == Rejections.ConcurrentChange.Code) throw new TryAgainException(why.Message);
        return Verdict.Refused(why.Code, why.Code == Rejections.KeyReused.Code ? "This message id came with another command before." : why.Message, Problems.Kinds[why.Code].Status is 409 or 412 ? outcome.CurrentVersion : null);
    }

    static Caller CallerOf(ReceivedCommand message) => message.UserId is { } user && Caller.Reserved.Contains(user) && user is not Actor
        ? throw new ProblemException("forbidden", $"'{user}' is not the name of a sender.")
        : new(message.UserId ?? Actor, "", null);

    static CommandKey KeyOf(ReceivedCommand message) => message.MessageId is { Length: > 0 and <= LongestId } id && !id.Any(c => c is <= ' ' or > '~')
        ? CommandKey.OfMessage(message.UserId, id, Encoding.UTF8.GetBytes(message.Body))
        : throw ProblemException.Wrong("message_id", $"must be 1 to {LongestId} visible characters");

    static string TraceOf(ReceivedCommand message) => ActivityContext.TryParse(message.TraceParent, null, out var trace)
        ? trace.TraceId.ToHexString()
        : (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString();
}

/// <summary>Somebody else was in the way; nothing was done.</summary>
public sealed class TryAgainException(string why) : Exception(why);

/// <summary>Those that could not be done when they came: aside from the others, and else among the dead letters, from where somebody has them tried again.</summary>
public static class ReceivedCommandHandler
{
    /// <summary>What may be gone in a moment is tried for longer than a database needs to come back.</summary>
    public static void Configure(HandlerChain chain)
    {
        chain.OnException<BrokerAwayException>().Or<ServerBusyException>().Or(StorageFault.Is).RetryWithCooldown(250.Milliseconds(), 1.Seconds(), 5.Seconds())
            .Then.ScheduleRetry(10.Seconds(), 1.Minutes(), 5.Minutes(), 30.Minutes());
        chain.OnAnyException().MoveToErrorQueue();
    }

    /// <summary>Takes one.</summary>
    public static Task Handle(ReceivedCommand message, CommandMessages commands, CancellationToken cancellation) => commands.Take(message, cancellation);
}
