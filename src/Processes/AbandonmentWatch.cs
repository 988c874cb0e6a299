using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using OrderMonolith.Orders;
using Wolverine;
using Wolverine.Marten;
using Wolverine.Marten.Subscriptions;

namespace OrderMonolith.Processes;

/// <summary>Sees to it that every order that is still pending is looked at when it may have been abandoned, those that were there before anybody wanted that included.</summary>
/// <remarks>The message is stored in the transaction that says how far this has come, so that there is exactly one for each order.</remarks>
public sealed class AbandonmentWatch : BatchSubscription
{
    readonly OrdersSettings settings;
    readonly TimeProvider clock;

    /// <summary>Its name is for ever: under it is kept how far it has come.</summary>
    public AbandonmentWatch(OrdersSettings settings, TimeProvider clock)
        : base("abandonment")
    {
        (this.settings, this.clock) = (settings, clock);
        IncludeType<OrderCreated>();
    }

    /// <inheritdoc />
    public override async Task ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, IMessageBus bus, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var order in await operations.LoadManyAsync<Order>(cancellationToken, page.Events.Select(e => e.StreamId)))
        {
            var verdict = Abandonment.Of(order, settings.Patience, now);
            if (verdict is not Abandonment.Over)
                await bus.PublishAsync(new AbandonOrder(order.Id), new() { ScheduledTime = verdict is Abandonment.NotYet(var later) ? later : now });
        }
    }
}

/// <summary>What follows from events by itself.</summary>
public static class ProcessesOfOrders
{
    /// <summary>Sets up what the settings ask for. A process that is off costs nothing; messages that it left behind are put off.</summary>
    public static void AddProcesses(this WebApplicationBuilder builder)
    {
        var settings = builder.Configuration.Read<OrdersSettings>();
        builder.Services.AddSingleton(settings);
        if (settings.Patience is not null) builder.Services.SubscribeToEventsWithServices<AbandonmentWatch>(ServiceLifetime.Singleton);
    }
}
