using OrderMonolith.Deliveries;

namespace OrderMonolith.Bus;

/// <summary>The brokers: events go out to them, commands come in. None is needed: without its setting nothing of it starts.</summary>
public static class Brokers
{
    /// <summary>Sets up what the settings name.</summary>
    public static void AddBus(this WebApplicationBuilder builder)
    {
        var brokers = builder.Configuration.Read<ConnectionStringsSettings>();
        var services = builder.Services
            .AddSingleton(brokers)
            .AddSingleton<RabbitBroker>().AddSingleton<Answers>().AddSingleton<CommandMessages>()
            .AddSingleton<ITargets, RabbitTargets>()
            .AddSingleton<ITargets, KafkaTargets>();
        if (brokers is not { RabbitMq: null, Kafka: null }) services.AddHostedService<BrokerTargets>();
        if (brokers.RabbitMq is null) return;
        services.AddHostedService(services => services.GetRequiredService<RabbitBroker>()).AddHostedService<CommandConsumer>();
        services.AddHealthChecks().AddCheck<BusHealth>("bus", timeout: TimeSpan.FromSeconds(5));
    }

    /// <summary>Refuses addresses that name no broker.</summary>
    /// <exception cref="SetupException">One does not.</exception>
    public static void Check(IConfiguration configuration)
    {
        var brokers = configuration.Read<ConnectionStringsSettings>();
        if (brokers.RabbitMq is { } rabbit && !(Uri.TryCreate(rabbit, UriKind.Absolute, out var uri) && uri is { Scheme: "amqp" or "amqps", Host.Length: > 0 }))
            throw new SetupException("ConnectionStrings:RabbitMq names no broker. It is written amqp://user:password@host:port/vhost, or amqps://… over TLS.");
        if (brokers.Kafka is { } kafka && string.IsNullOrWhiteSpace(kafka))
            throw new SetupException("ConnectionStrings:Kafka is empty. Name the bootstrap servers as host:port,host:port, or leave it out.");
    }
}
