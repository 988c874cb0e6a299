using System.Net;

namespace OrderMonolith.Webhooks;

/// <summary>How webhooks are called.</summary>
/// <param name="Timeout">Longest that an endpoint may take to answer: 100 ms to 2 minutes, 10 seconds unless said.</param>
/// <param name="RetryDelays">How long after each failed attempt the next one follows: 1 to 50 delays of at most 7 days. An attempt that fails behind the last of them was the last.</param>
/// <param name="PauseAfter">An endpoint that took nothing for so long is paused: more than zero, at most 30 days, a day unless said.</param>
/// <param name="KeepLog">How long it is kept what was sent and what came back: an hour to a year, 30 days unless said.</param>
/// <param name="AllowedNetworks">Networks in CIDR notation, such as <c>10.1.0.0/16</c>, that webhooks may lie in although they are not public.</param>
/// <param name="AllowHttp">Whether webhooks outside of these may go without TLS.</param>
public sealed record WebhooksSettings(TimeSpan? Timeout = null, TimeSpan[]? RetryDelays = null, TimeSpan? PauseAfter = null, TimeSpan? KeepLog = null, string[]? AllowedNetworks = null, bool AllowHttp = false)
{
    const int MostDelays = 50;

    static readonly TimeSpan[] OverDays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2),
        TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>Longest that an attempt takes.</summary>
    /// <exception cref="SetupException">It is out of bounds.</exception>
    internal TimeSpan Patience => Within(nameof(Timeout), Timeout ?? TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2));

    /// <summary>The delays between attempts.</summary>
    /// <exception cref="SetupException">There are too many, or one is out of bounds.</exception>
    internal IReadOnlyList<TimeSpan> Delays => RetryDelays is not { Length: > 0 } given ? OverDays
        : given.Length <= MostDelays ? [.. given.Select((delay, i) => Within($"{nameof(RetryDelays)}:{i}", delay, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(7)))]
        : throw new SetupException($"Webhooks:RetryDelays has {given.Length} delays, but can only have {MostDelays}.");

    /// <summary>How long an endpoint may take nothing.</summary>
    /// <exception cref="SetupException">It is out of bounds.</exception>
    internal TimeSpan Hope => Within(nameof(PauseAfter), PauseAfter ?? TimeSpan.FromDays(1), TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(30));

    /// <summary>How long the log of deliveries goes back.</summary>
    /// <exception cref="SetupException">It is out of bounds.</exception>
    internal TimeSpan Memory => Within(nameof(KeepLog), KeepLog ?? TimeSpan.FromDays(30), TimeSpan.FromHours(1), TimeSpan.FromDays(365));

    /// <summary>The networks that are allowed although they are not public.</summary>
    /// <exception cref="SetupException">One cannot be read.</exception>
    internal IReadOnlyList<IPNetwork> Networks =>
    [
        .. (AllowedNetworks ?? []).Select((text, i) => IPNetwork.TryParse(text, out var network) ? network
            : throw new SetupException($"Webhooks:{nameof(AllowedNetworks)}:{i} is '{text}', but must be a network such as 10.1.0.0/16 or fd12:3456::/32.")),
    ];

    /// <summary>Refuses what is out of bounds.</summary>
    /// <exception cref="SetupException">Something is.</exception>
    internal void Check() => _ = (Patience, Delays, Hope, Memory, Networks);

    static TimeSpan Within(string name, TimeSpan given, TimeSpan least, TimeSpan most) => given >= least && given <= most ? given
        : throw new SetupException($"Webhooks:{name} is {given}, but can only be from {least} to {most}.");
}
