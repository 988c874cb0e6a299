using System.Text;
using Marten;
using OrderMonolith.Contracts;
using OrderMonolith.Deliveries;

namespace OrderMonolith.Webhooks;

/// <summary>What the service needs for webhooks.</summary>
public static class WebhookParts
{
    /// <summary>Adds what is stored of them.</summary>
    public static void Webhooks(this StoreOptions store) => store.Schema.For<Webhook>().DatabaseSchemaName(DeliveryTables.Schema).DocumentAlias("webhook").UseOptimisticConcurrency(true);

    /// <summary>Adds it.</summary>
    public static void AddWebhooks(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton(builder.Configuration.Read<WebhooksSettings>())
        .AddSingleton<AddressGuard>().AddSingleton<WebhookSender>().AddSingleton<WebhookRegister>().AddSingleton<WebhookHealth>()
        .AddSingleton<ITargets, WebhookTargets>()
        .AddHostedService<DeliveryLogRetention>();
}

/// <summary>The webhooks as targets of deliveries: each under its id. Nothing is delivered to one that is paused.</summary>
public sealed class WebhookTargets(WebhookRegister register, WebhookSender sender, WebhookHealth health, WebhooksSettings settings) : ITargets
{
    readonly RetrySchedule schedule = new(settings);

    /// <inheritdoc />
    public async ValueTask<ITarget?> Find(string name, CancellationToken cancellation) =>
        Guid.TryParseExact(name, "D", out var id) && await register.Glance(id, cancellation) is { Status: WebhookStatus.Active } ? new WebhookTarget(id, register, sender, health, schedule) : null;
}

/// <summary>A webhook that events are delivered to, each as the webhook is at that time: it may change while many are on their way.</summary>
/// <param name="id">The webhook.</param>
/// <param name="register">Knows how it is.</param>
/// <param name="sender">Sends events.</param>
/// <param name="health">Is told how that went.</param>
/// <param name="schedule">Says when they are sent again.</param>
public sealed class WebhookTarget(Guid id, WebhookRegister register, WebhookSender sender, WebhookHealth health, RetrySchedule schedule) : ITarget
{
    /// <inheritdoc />
    public int MostAtOnce => WebhookSender.MostAtOnce;

    /// <inheritdoc />
    public TimeSpan Patience => sender.Patience;

    /// <inheritdoc />
    public async Task<Attempt> Deliver(PublicEvent e, int number, CancellationToken cancellation)
    {
        if (await register.Glance(id, cancellation) is not { Status: WebhookStatus.Active } webhook) return new Attempt.Unreachable("It is paused.", TimeSpan.Zero);

        var answer = await sender.Send(webhook, e.Id, e.Json, cancellation);
        var exchange = new Exchange(Encoding.UTF8.GetString(e.Json.Span), answer.Status, answer.Body, answer.Took);
        if (answer.Fault is not { } fault)
        {
            await health.Took(webhook);
            return new Attempt.Delivered { Exchange = exchange };
        }

        await health.Failed(webhook, answer);

        // What is gone is paused: should it be resumed, the event goes out as if for the first time.
        return new Attempt.Failed(fault, schedule.After(answer.Gone ? 1 : number, answer.Wish, Random.Shared.NextDouble())) { Exchange = exchange };
    }
}
