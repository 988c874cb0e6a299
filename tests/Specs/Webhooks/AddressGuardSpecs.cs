using System.Net;
using System.Net.Sockets;
using OrderMonolith.Webhooks;

namespace OrderMonolith.Specs;

/// <summary>Nobody reaches through a webhook what only we can reach.</summary>
public sealed class AddressGuardSpecs
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:2::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:a00:1::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void What_is_not_public_is_refused(string address) => Assert.False(new AddressGuard(new()).Allows(IPAddress.Parse(address), secure: true));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450::1")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::1.1.1.1")]
    [InlineData("2002:101:101::1")]
    public void What_is_public_is_allowed_over_TLS(string address)
    {
        Assert.True(new AddressGuard(new()).Allows(IPAddress.Parse(address), secure: true));
        Assert.False(new AddressGuard(new()).Allows(IPAddress.Parse(address), secure: false));
        Assert.True(new AddressGuard(new(AllowHttp: true)).Allows(IPAddress.Parse(address), secure: false));
    }

    [Fact]
    public void A_network_is_allowed_by_name_and_no_other()
    {
        var guard = new AddressGuard(new(AllowedNetworks: ["10.1.0.0/16", "fd12::/16"]));
        foreach (var allowed in (string[])["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"]) Assert.True(guard.Allows(IPAddress.Parse(allowed), secure: false), allowed);
        foreach (var refused in (string[])["10.2.0.1", "127.0.0.1", "::1", "fd13::1"]) Assert.False(guard.Allows(IPAddress.Parse(refused), secure: true), refused);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Whatever_a_host_turns_out_to_be_nobody_connects_to_what_is_refused(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        foreach (var scheme in (string[])["https", "http"])
        {
            var answer = await Send(new(AllowHttp: true), $"{scheme}://{host}:{port}/");
            Assert.Equal((null, "address not allowed"), (answer.Status, answer.Fault));
        }

        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task The_same_host_is_called_where_its_network_is_allowed(string host)
    {
        await using var receiver = await Receiver.Start();
        var answer = await Send(new(AllowedNetworks: ["127.0.0.0/8"]), $"http://{host}:{receiver.Port}/");
        Assert.Equal((204, null), (answer.Status, answer.Fault));
    }

    [Fact]
    public async Task A_redirect_leads_nowhere()
    {
        await using var inner = await Receiver.Start();
        await using var outer = await Receiver.Start();
        outer.Says(307, "", ("Location", inner.Url));
        var answer = await Send(new(AllowedNetworks: ["127.0.0.0/8"]), outer.Url);
        Assert.Equal((307, "answered 307, and redirects are not followed"), (answer.Status, answer.Fault));
        Assert.Empty(inner.All);
    }

    static async Task<WebhookAnswer> Send(WebhooksSettings settings, string url)
    {
        using var sender = new WebhookSender(settings, new(settings), TimeProvider.System);
        return await sender.Send(new(Guid.NewGuid(), url, DateTimeOffset.UtcNow, WebhookSecret.New()), Guid.NewGuid(), "{}"u8.ToArray(), TestContext.Current.CancellationToken);
    }
}
