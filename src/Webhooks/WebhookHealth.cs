using System.Collections.Concurrent;
using System.Globalization;
using OrderMonolith.Http;
using OrderMonolith.Storage;

namespace OrderMonolith.Webhooks;

/// <summary>Keeps an eye on endpoints, and pauses those that are dead. What all nodes have to know is written when it changes, so one that is well costs nothing.</summary>
public sealed partial class WebhookHealth(WebhookRegister register, WebhooksSettings settings, TimeProvider clock, ILogger<WebhookHealth> log)
{
    /// <summary>How many attempts in a row have to fail before an endpoint is said to fail: it may well refuse one event and take all others.</summary>
    public const int AFew = 3;

    readonly TimeSpan hope = settings.Hope;
    readonly ConcurrentDictionary<Guid, int> failures = [];

    /// <summary>An endpoint took an event.</summary>
    public async Task Took(Webhook webhook)
    {
        failures.TryRemove(webhook.Id, out _);
        if (webhook.FailingSince is not null) await Note(webhook, known => known.FailingSince is null ? known : known with { FailingSince = null });
    }

    /// <summary>An endpoint did not take an event.</summary>
    public async Task Failed(Webhook webhook, WebhookAnswer answer)
    {
        var now = clock.GetUtcNow();
        if (answer.Gone)
        {
            await Pause(webhook, "The endpoint answered 410: it is gone.", now);
            return;
        }

        if (failures.AddOrUpdate(webhook.Id, 1, (_, count) => count + 1) < AFew) return;
        if (webhook.FailingSince is not { } since)
            await Note(webhook, known => known.FailingSince is null ? known with { FailingSince = now } : known);
        else if (now - since >= hope)
            await Pause(webhook, string.Create(CultureInfo.InvariantCulture, $"The endpoint has taken nothing since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}; at last: {answer.Fault}."), now);
    }

    async Task Pause(Webhook webhook, string reason, DateTimeOffset now)
    {
        LogPaused(webhook.Id, reason);
        await Note(webhook, known => known.FailingSince == webhook.FailingSince ? known.Paused(reason, now) : known);
        failures.TryRemove(webhook.Id, out _);
    }

    /// <summary>Writes what is known of an endpoint. If that cannot be, the next attempt tells the same.</summary>
    /// <remarks>An attempt says nothing of an address that the webhook no longer has, nor of one that was resumed since.</remarks>
    async Task Note(Webhook webhook, Func<Webhook, Webhook> change)
    {
        try
        {
            await register.Change(webhook.Id, known => known.Url == webhook.Url ? change(known) : known, CancellationToken.None);
        }
        catch (Exception e) when (StorageFault.Is(e) || e is ProblemException)
        {
            LogLater(webhook.Id, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Webhook {Webhook} is paused. {Reason}")]
    partial void LogPaused(Guid webhook, string reason);

    [LoggerMessage(LogLevel.Warning, "How webhook {Webhook} is cannot be noted: {Why}")]
    partial void LogLater(Guid webhook, string why);
}
