using System.Net;

namespace OrderMonolith.Http;

/// <summary>Where the settings tell the service to listen.</summary>
public static class Listening
{
    /// <summary>Refuses what is no address.</summary>
    /// <exception cref="SetupException">One cannot be listened on.</exception>
    public static void OnAddresses(IConfiguration configuration)
    {
        foreach (var url in Addresses(configuration)) Parse(url);
    }

    /// <summary>Refuses to be reachable from other machines.</summary>
    /// <exception cref="SetupException">An address is not a loopback one.</exception>
    public static void OnLoopbackOnly(IConfiguration configuration)
    {
        if (Addresses(configuration).FirstOrDefault(address => !IsLoopback(address)) is { } open)
            throw new SetupException(
                $"""
                Told to listen on {open}, where others can call, but nothing says who may. Either
                  set up Authentication:Schemes:Bearer, so that callers need tokens,
                  or listen on this machine only, such as --urls http://127.0.0.1:5080,
                  or say Authentication:Anonymous=true: then whoever can reach the service may read and change every order.
                """);
    }

    /// <summary>As the server itself decides: endpoints win over addresses, addresses over ports.</summary>
    static IEnumerable<string> Addresses(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToList() is { Count: > 0 } endpoints ? endpoints
        : Split(configuration["urls"]) is { Length: > 0 } urls ? urls
        : Split(configuration["http_ports"]).Select(port => $"http://*:{port}").Concat(Split(configuration["https_ports"]).Select(port => $"https://*:{port}"));

    static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    static bool IsLoopback(string url)
    {
        var address = Parse(url);
        return address.IsUnixPipe || address.IsNamedPipe
            || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    static BindingAddress Parse(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort || address.IsUnixPipe || address.IsNamedPipe) return address;
        }
        catch (FormatException)
        {
            // Said below.
        }

        throw new SetupException($"'{url}' is not an address to listen on.");
    }
}
