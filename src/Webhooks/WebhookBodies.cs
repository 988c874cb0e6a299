using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using OrderMonolith.Contracts;
using OrderMonolith.Orders;

namespace OrderMonolith.Webhooks;

/// <summary>What a caller sends to have events sent to an endpoint.</summary>
/// <param name="Url">Where the endpoint is: <c>https</c>, without user or fragment.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Types">The types of events that it wants; all when absent or empty.</param>
public sealed record NewWebhook([property: WebhookUrl] string Url, [property: Description] string? Description = null, [property: EventTypes] IReadOnlyList<string>? Types = null);

/// <summary>What is to change of a webhook. What is not given stays as it is.</summary>
/// <param name="Url">Where the endpoint is from now on.</param>
/// <param name="Description">What it is for; empty for nothing.</param>
/// <param name="Types">The types of events that it wants; empty for all.</param>
/// <param name="Status"><c>Paused</c> to have events wait, <c>Active</c> to have them sent, those that waited first.</param>
public sealed record WebhookChange(
    [property: WebhookUrl] string? Url = null,
    [property: Description] string? Description = null,
    [property: EventTypes] IReadOnlyList<string>? Types = null,
    [property: AllowedValues(null, nameof(WebhookStatus.Active), nameof(WebhookStatus.Paused), ErrorMessage = "must be Active or Paused")] string? Status = null)
{
    /// <summary>A webhook so changed.</summary>
    /// <param name="webhook">As it was.</param>
    /// <param name="actor">Who wants it.</param>
    /// <param name="now">When.</param>
    public Webhook Of(Webhook webhook, string actor, DateTimeOffset now)
    {
        var changed = webhook with { Url = Url ?? webhook.Url, Description = Description switch { null => webhook.Description, "" => null, _ => Description }, Types = Types ?? webhook.Types };
        if (changed.Url != webhook.Url) changed = changed with { FailingSince = null };
        return Status switch { null => changed, nameof(WebhookStatus.Active) => changed.Resumed(), _ => changed.Paused($"Paused by {actor}.", now) };
    }
}

/// <summary>How a secret is to be replaced.</summary>
/// <param name="OldSignsForSeconds">How long the secret before signs beside the new one, in seconds: a day unless said, 0 for not at all, 30 days at most.</param>
public sealed record SecretRotation([property: Range(0, 2_592_000, ErrorMessage = "must be a whole number from 0 to 2592000")] int OldSignsForSeconds = 86_400);

/// <summary>A body that says nothing, where the address says it all.</summary>
public sealed record EmptyRequest;

/// <summary>A webhook as it is shown.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where the endpoint is.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Types">The types of events that it wants; empty for all.</param>
/// <param name="Status">Whether events are sent to it.</param>
/// <param name="PausedBecause">Why they are not.</param>
/// <param name="PausedAt">Since when they are not.</param>
/// <param name="FailingSince">Since when all attempts fail, if they do.</param>
/// <param name="OldSecretSignsUntil">Until when the secret before this one signs too, if it does.</param>
/// <param name="CreatedAt">Since when there is one.</param>
/// <param name="Secret">What signs all that is sent to it. Shown once: in the answer that made it.</param>
public sealed record ShownWebhook(
    Guid Id, string Url, string? Description, IReadOnlyList<string> Types, WebhookStatus Status, string? PausedBecause, DateTimeOffset? PausedAt, DateTimeOffset? FailingSince, DateTimeOffset? OldSecretSignsUntil, DateTimeOffset CreatedAt,
    string? Secret = null)
{
    /// <summary>A webhook as it is shown at a time.</summary>
    public static ShownWebhook Of(Webhook webhook, DateTimeOffset now) => new(
        webhook.Id, webhook.Url, webhook.Description, webhook.Types, webhook.Status, webhook.Pause?.Reason, webhook.Pause?.At, webhook.FailingSince,
        webhook.Previous is { } previous && previous.Until > now ? previous.Until : null, webhook.CreatedAt);

    /// <summary>The same with its secret, for who has just got it.</summary>
    public static ShownWebhook WithSecret(Webhook webhook, DateTimeOffset now) => Of(webhook, now) with { Secret = webhook.Secret.Value };
}

/// <summary>A page of webhooks.</summary>
/// <param name="Items">The webhooks, the oldest first.</param>
/// <param name="Next">The cursor of the next page; null at the end.</param>
public sealed record WebhookList(IReadOnlyList<ShownWebhook> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next);

/// <summary>What came of a test.</summary>
/// <param name="EventId">The event that was sent: its <c>webhook-id</c>.</param>
/// <param name="Delivered">Whether the endpoint took it.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Status">The HTTP status of the answer, if there was one.</param>
/// <param name="Response">The beginning of the answer's body, if there was one.</param>
/// <param name="Fault">What went wrong, if anything did.</param>
public sealed record WebhookTest(Guid EventId, bool Delivered, double Seconds, int? Status, string? Response, string? Fault);

/// <summary>An absolute URL of HTTP without user and fragment, of at most 2,048 characters.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class WebhookUrlAttribute() : ValidationAttribute("must be an absolute https:// URL of at most 2048 characters, without user name and fragment")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not string text
        || (text.Length <= Webhook.LongestUrl && Bounds.IsStorable(text) && Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) && url.Host.Length > 0 && url.UserInfo.Length == 0 && !text.Contains('#') && !text.Any(char.IsWhiteSpace));
}

/// <summary>Types of events that there are, each once.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class EventTypesAttribute() : ValidationAttribute("must be types of events, each once; /contracts lists them")
{
    /// <summary>Those there are.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. Translation.Names.Values.Order(StringComparer.Ordinal)];

    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not IReadOnlyList<string> types || (types.All(Known.Contains) && types.Distinct().Count() == types.Count);
}
