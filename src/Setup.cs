using OrderMonolith.Bus;
using OrderMonolith.Http;
using OrderMonolith.Proofs;
using OrderMonolith.Webhooks;

namespace OrderMonolith;

/// <summary>Something about the set-up forbids to start. The message says what, and what to do about it; it is shown without a stack trace.</summary>
public class SetupException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Where the service runs from, and whether its settings allow a start.</summary>
public static class Setup
{
    const string SettingsFile = "appsettings.json";

    /// <summary>Where the settings lie and the data goes: the folder we were called in if it has settings, else the one that holds the program.</summary>
    public static string Folder => File.Exists(SettingsFile) ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory;

    /// <summary>Refuses settings that mean nothing or contradict each other.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="serves">Whether the service is going to listen, rather than run a command.</param>
    /// <exception cref="SetupException">Something forbids to start.</exception>
    public static void Check(IConfiguration configuration, bool serves)
    {
        if (configuration.Read<ConnectionStringsSettings>().Orders is { } orders && string.IsNullOrWhiteSpace(orders))
            throw new SetupException("ConnectionStrings:Orders is empty. Name a database, or leave it out to have an embedded cluster.");
        Brokers.Check(configuration);
        configuration.Read<StorageSettings>();
        configuration.Read<OrderSummariesSettings>();
        _ = configuration.Read<OrdersSettings>().Patience;
        _ = configuration.Read<IdempotencySettings>().Kept;
        _ = configuration.Read<DriftWatchSettings>().Pause;
        configuration.Read<WebhooksSettings>().Check();
        configuration.Read<AuthenticationSettings>();
        configuration.Read<CorsSettings>();
        if (!serves) return;
        Listening.OnAddresses(configuration);
        Access.Check(configuration);
    }
}
