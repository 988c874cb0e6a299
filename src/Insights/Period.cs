using OrderMonolith.Http;

namespace OrderMonolith.Insights;

/// <summary>Some whole days, UTC.</summary>
/// <param name="From">The first of them.</param>
/// <param name="To">The first that is no longer one of them.</param>
public readonly record struct Period(DateOnly From, DateOnly To)
{
    /// <summary>How many days it is where a caller does not say.</summary>
    public const int DefaultDays = 90;

    /// <summary>The period that a request names with <c>from</c> and <c>to</c>: the last 90 days up to today, unless it says otherwise.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public static Period Of(QueryParameters query, TimeProvider clock)
    {
        var to = query.Day("to") ?? DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime).AddDays(1);
        var from = query.Day("from") ?? to.AddDays(-Math.Min(DefaultDays, to.DayNumber));
        return from < to ? new(from, to) : throw ProblemException.Wrong("from", $"must be a day before {to:yyyy-MM-dd}, where the period ends");
    }

    /// <summary>How many days there are in it.</summary>
    public int Days => To.DayNumber - From.DayNumber;

    /// <summary>When the first day begins.</summary>
    public DateTime Begin => Midnight(From);

    /// <summary>When the last day has ended.</summary>
    public DateTime End => Midnight(To);

    static DateTime Midnight(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
}
