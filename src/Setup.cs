using OrderMonolith.Http;

namespace OrderMonolith;

/// <summary>Whether the settings allow a start.</summary>
public static class Setup
{
    /// <summary>What forbids it, in words for whoever set it up; null where nothing does.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="serves">Whether the service is going to listen, rather than run a command.</param>
    public static string? Fault(IConfiguration configuration, bool serves)
    {
        try
        {
            configuration.Read<StorageSettings>();
            configuration.Read<OrderSummariesSettings>();
            configuration.Read<AuthenticationSettings>();
            configuration.Read<CorsSettings>();
            if (serves) Access.Check(configuration);
            return null;
        }
        catch (SetupException e)
        {
            return e.Message;
        }
    }
}
