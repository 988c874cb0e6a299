using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrderMonolith.Bus;

/// <summary>The broker can be reached. Without it requests are served as ever; events and commands wait.</summary>
public sealed class BusHealth(RabbitBroker broker) : IHealthCheck
{
    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await broker.Trouble(cancellationToken) is { } trouble ? HealthCheckResult.Degraded(trouble) : HealthCheckResult.Healthy();
}
