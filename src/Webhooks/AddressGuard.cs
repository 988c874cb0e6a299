using System.Net;
using System.Net.Sockets;
using OrderMonolith.Http;

namespace OrderMonolith.Webhooks;

/// <summary>Which addresses a webhook may be at: public ones, and those that are allowed by name. Whoever names a webhook must not reach through us what only we can reach.</summary>
/// <param name="settings">What is allowed.</param>
public sealed class AddressGuard(WebhooksSettings settings)
{
    /// <summary>What IANA's registries of special addresses do not have as globally reachable, and what clouds put among the rest. Of IPv6 only 2000::/3 is in use at all.</summary>
    static readonly IPNetwork[] NotPublic =
    [
        .. from network in (string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32", // Azure's own services, from within
            "2001::/23", "2001:db8::/32", "3fff::/20",
        ]
        select IPNetwork.Parse(network),
    ];

    static readonly IPNetwork Unicast = IPNetwork.Parse("2000::/3");
    static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    readonly IReadOnlyList<IPNetwork> allowed = settings.Networks;

    /// <summary>Whether a webhook may be called at an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="secure">Whether it is called over TLS.</param>
    public bool Allows(IPAddress address, bool secure)
    {
        var meant = Meant(address);
        return allowed.Any(network => network.Contains(meant)) || (IsPublic(meant) && (secure || settings.AllowHttp));
    }

    /// <summary>Why a webhook cannot have a URL, to be read behind its name; null where it can, as far as that can be known without asking where its host is.</summary>
    string? Fault(Uri url)
    {
        var secure = url.Scheme == Uri.UriSchemeHttps;
        if (IPAddress.TryParse(url.DnsSafeHost, out var address) && !Allows(address, secure))
            return Allows(address, secure: true) ? "must begin with https://" : "has an address that is not allowed";
        return secure || settings.AllowHttp || allowed.Count > 0 ? null : "must begin with https://";
    }

    /// <summary>Refuses a URL that a webhook cannot have.</summary>
    /// <exception cref="ProblemException"><c>validation-failed</c></exception>
    public void Check(string url)
    {
        if (Fault(new(url)) is { } fault) throw ProblemException.Wrong("url", fault);
    }

    static bool IsPublic(IPAddress address) => (address.AddressFamily is AddressFamily.InterNetwork || Unicast.Contains(address)) && !NotPublic.Any(network => network.Contains(address));

    /// <summary>The address that packets to one end up at: IPv4 has several forms within IPv6.</summary>
    static IPAddress Meant(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (Nat64.Contains(address)) return new(address.GetAddressBytes().AsSpan(12, 4));
        return SixToFour.Contains(address) ? new(address.GetAddressBytes().AsSpan(2, 4)) : address;
    }
}

/// <summary>A host has no address that a webhook may be at. It says no more: what there is in our networks is nobody's business.</summary>
public sealed class AddressNotAllowedException() : IOException("address not allowed");
