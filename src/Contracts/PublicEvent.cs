namespace OrderMonolith.Contracts;

/// <summary>An event as the world outside gets it: a CloudEvent 1.0 in JSON, the same bytes wherever and however often it is sent.</summary>
/// <param name="Id">The event's id, the same in every copy: who has seen it needs no second one.</param>
/// <param name="Type">Its contract, such as <c>order.confirmed.v1</c>.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Version">Its place in the order's history, from 1.</param>
/// <param name="Sequence">Its place in the store's history.</param>
/// <param name="Position">The same as a token of this history alone: who sends it back gets what comes behind it.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Json">The whole CloudEvent (structured mode), UTF-8.</param>
public sealed record PublicEvent(Guid Id, string Type, Guid OrderId, long Version, long Sequence, string Position, DateTimeOffset Time, ReadOnlyMemory<byte> Json)
{
    /// <summary>The media type of <see cref="Json"/>.</summary>
    public const string MediaType = "application/cloudevents+json";
}
