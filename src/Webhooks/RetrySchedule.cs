namespace OrderMonolith.Webhooks;

/// <summary>When a webhook that did not take an event is tried again.</summary>
/// <param name="settings">How long after each attempt the next one follows; it is the last behind the last delay.</param>
public sealed class RetrySchedule(WebhooksSettings settings)
{
    readonly IReadOnlyList<TimeSpan> delays = settings.Delays;

    /// <summary>Longest that an endpoint may ask to be left alone.</summary>
    public static readonly TimeSpan LongestAsked = TimeSpan.FromDays(1);

    const double Jitter = 0.2;

    /// <summary>In how long an attempt follows on one that failed; null where none does.</summary>
    /// <param name="number">Which attempt failed, from 1.</param>
    /// <param name="asked">How long the endpoint asked to be left alone, if it did.</param>
    /// <param name="chance">0 to 1: spreads those that failed together.</param>
    public TimeSpan? After(int number, TimeSpan? asked, double chance)
    {
        if (number > delays.Count) return null;
        var delay = delays[number - 1] * (1 + Jitter * (2 * chance - 1));
        var wish = asked > LongestAsked ? LongestAsked : asked;
        return wish > delay ? wish : delay;
    }
}
