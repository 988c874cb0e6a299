using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace OrderMonolith.Webhooks;

/// <summary>Whether events are sent to a webhook.</summary>
public enum WebhookStatus
{
    /// <summary>They are.</summary>
    Active,

    /// <summary>They wait.</summary>
    Paused,
}

/// <summary>An endpoint that a partner wants events to be sent to.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where it is.</param>
/// <param name="CreatedAt">Since when there is one.</param>
/// <param name="Secret">What signs all that is sent to it.</param>
public sealed record Webhook(Guid Id, string Url, DateTimeOffset CreatedAt, WebhookSecret Secret)
{
    /// <summary>Longest URL, in characters.</summary>
    public const int LongestUrl = 2048;

    /// <summary>What it is for, for people.</summary>
    public string? Description { get; init; }

    /// <summary>The types of events that it wants; empty for all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Why nothing is sent to it; null where it is.</summary>
    public Pause? Pause { get; init; }

    /// <summary>Since when all attempts fail, of which there were a few; null where it is not known to.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The secret before this one, which goes on signing for a while.</summary>
    public ReplacedSecret? Previous { get; init; }

    /// <summary>Whether events are sent to it.</summary>
    [JsonIgnore]
    public WebhookStatus Status => Pause is null ? WebhookStatus.Active : WebhookStatus.Paused;

    /// <summary>What signs at a time, the current secret first.</summary>
    public IEnumerable<WebhookSecret> Signing(DateTimeOffset now) => Previous is { } previous && previous.Until > now ? [Secret, previous.Secret] : [Secret];

    /// <summary>With a new secret beside which the one before signs until a time.</summary>
    public Webhook Rotated(WebhookSecret secret, DateTimeOffset until) => this with { Secret = secret, Previous = new(Secret, until) };

    /// <summary>Paused. One that is already stays as it is, with its reason.</summary>
    public Webhook Paused(string reason, DateTimeOffset now) => Pause is null ? this with { Pause = new(reason, now) } : this;

    /// <summary>Active, with all faults forgotten.</summary>
    public Webhook Resumed() => Pause is null && FailingSince is null ? this : this with { Pause = null, FailingSince = null };
}

/// <summary>Why and since when nothing is sent to a webhook.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="At">Since when.</param>
public sealed record Pause(string Reason, DateTimeOffset At);

/// <summary>A secret that was replaced.</summary>
/// <param name="Secret">The secret.</param>
/// <param name="Until">When it stops to sign.</param>
public sealed record ReplacedSecret(WebhookSecret Secret, DateTimeOffset Until);

/// <summary>What we and a partner alone know (Standard Webhooks): <c>whsec_</c> and 32 random bytes in base64.</summary>
/// <param name="Value">All of it.</param>
public sealed record WebhookSecret(string Value)
{
    const string Prefix = "whsec_";

    /// <summary>A new one.</summary>
    public static WebhookSecret New() => new(Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The bytes that sign.</summary>
    [JsonIgnore]
    public byte[] Key => Convert.FromBase64String(Value[Prefix.Length..]);

    /// <summary>Nothing of it: what can be printed gets into logs.</summary>
    public override string ToString() => Prefix + "…";
}
