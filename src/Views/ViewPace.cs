namespace OrderMonolith.Views;

/// <summary>How a view that follows the events from behind gets on, glance by glance.</summary>
/// <param name="Start">The last event when it was first looked at: before the view holds that much, it may lack anything.</param>
/// <param name="Position">The last event that it holds.</param>
/// <param name="Head">The last event there is.</param>
/// <param name="Since">When it last moved or had nothing to do.</param>
/// <remarks>Times of events say nothing here: what is imported happened long ago, and is new.</remarks>
public readonly record struct ViewPace(long Start, long Position, long Head, DateTimeOffset Since)
{
    /// <summary>A view that has work and does not move for longer than this has stopped.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The first glance.</summary>
    public static ViewPace First(long position, long head, DateTimeOffset now) => new(head, position, head, now);

    /// <summary>One more glance.</summary>
    public ViewPace Then(long position, long head, DateTimeOffset now) =>
        this with { Position = position, Head = head, Since = position != Position || Position >= Head ? now : Since };

    /// <summary>Whether it cannot be relied on.</summary>
    public bool IsLate(DateTimeOffset now) => Position < Start || (Position < Head && now - Since > Patience);
}
