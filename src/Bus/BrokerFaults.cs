using RabbitMQ.Client.Exceptions;

namespace OrderMonolith.Bus;

/// <summary>The broker cannot be reached, or did not answer in time. That says nothing about the message, which it may have.</summary>
public sealed class BrokerAwayException : Exception
{
    /// <summary>For a reason of ours.</summary>
    public BrokerAwayException(string why)
        : base(why)
    {
    }

    /// <summary>For what the client said.</summary>
    public BrokerAwayException(Exception why)
        : base(why.GetBaseException().Message, why)
    {
    }
}

/// <summary>The broker is there and does not take the message.</summary>
public sealed class BrokerRefusedException(Exception why) : Exception(why.GetBaseException().Message, why)
{
    /// <summary>Whether an exception of the client says so: a negative confirm, or a channel closed for what was asked of it (AMQP 0-9-1: reply codes 311 and 403 to 406).</summary>
    public static bool Is(Exception e) => e switch
    {
        PublishException { IsReturn: false, InnerException: null } => true,
        OperationInterruptedException { ShutdownReason.ReplyCode: 311 or (>= 403 and <= 406) } => true,
        { InnerException: { } inner } => Is(inner),
        _ => false,
    };
}
