using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OrderMonolith.Webhooks;

namespace OrderMonolith.Specs;

/// <summary>What is sent can be checked by anybody who knows the secret, with any implementation of the standard.</summary>
public sealed class SignatureSpecs
{
    /// <summary>The example that implementations of the standard are tested with.</summary>
    const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Id = "msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp = "1614265330", Body = """{"test": 2432232314}""";
    const string Expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    /// <summary>The folder in which the standard's own package for Node.js is installed.</summary>
    static readonly string? Package = Environment.GetEnvironmentVariable(OutsideFactAttribute.StandardWebhooks);

    [Fact]
    public void It_signs_as_the_standards_example()
    {
        Assert.Equal(Expected, WebhookSignature.Of([new(Secret)], Id, Timestamp, Encoding.UTF8.GetBytes(Body)));
        Assert.Equal(Timestamp, WebhookSignature.Timestamp(DateTimeOffset.FromUnixTimeSeconds(1614265330).AddMilliseconds(999)));
    }

    [Fact]
    public void What_is_checked_in_these_specs_is_checked_as_the_standard_says()
    {
        var then = DateTimeOffset.FromUnixTimeSeconds(1614265330);
        Assert.True(StandardWebhooks.Verifies(Secret, Signed(Expected), then));
        Assert.True(StandardWebhooks.Verifies(Secret, Signed($"v1,AAAA {Expected} v2,BBBB"), then));
        Assert.False(StandardWebhooks.Verifies(Secret, Signed(Expected.Replace("g0", "h0", StringComparison.Ordinal)), then));
        Assert.False(StandardWebhooks.Verifies(WebhookSecret.New().Value, Signed(Expected), then));
        Assert.False(StandardWebhooks.Verifies(Secret, Signed(Expected), then.AddMinutes(6)));
    }

    [Fact]
    public void Secrets_have_32_random_bytes_and_are_not_printed()
    {
        var (one, other) = (WebhookSecret.New(), WebhookSecret.New());
        Assert.Equal(32, one.Key.Length);
        Assert.NotEqual(one.Value, other.Value);
        Assert.DoesNotContain(one.Value, $"{new Webhook(Guid.Empty, "https://a.example", default, other).Rotated(one, default)}", StringComparison.Ordinal);
        Assert.DoesNotContain(other.Value, $"{new Webhook(Guid.Empty, "https://a.example", default, other).Rotated(one, default)}", StringComparison.Ordinal);
    }

    [OutsideFact(OutsideFactAttribute.StandardWebhooks)]
    public async Task The_standards_own_implementation_verifies_it()
    {
        await using var receiver = await Receiver.Start();
        var settings = new WebhooksSettings(AllowedNetworks: ["127.0.0.0/8"]);
        using var sender = new WebhookSender(settings, new(settings), TimeProvider.System);
        var webhook = new Webhook(Guid.NewGuid(), receiver.Url, DateTimeOffset.UtcNow, WebhookSecret.New()).Rotated(WebhookSecret.New(), DateTimeOffset.UtcNow.AddHours(1));
        Assert.Null((await sender.Send(webhook, Guid.NewGuid(), """{"specversion":"1.0","data":"päckchen"}"""u8.ToArray(), TestContext.Current.CancellationToken)).Fault);

        foreach (var (secret, verified) in new[] { (webhook.Secret, "true"), (webhook.Previous!.Secret, "true"), (WebhookSecret.New(), "false") })
            Assert.Equal(verified, await Node(secret.Value, receiver.All[0]));
    }

    static Received Signed(string signature) =>
        new("", new Dictionary<string, string> { ["webhook-id"] = Id, ["webhook-timestamp"] = Timestamp, ["webhook-signature"] = signature }, Encoding.UTF8.GetBytes(Body));

    static async Task<string> Node(string secret, Received request)
    {
        const string Check = """
            const { secret, headers, body } = JSON.parse(require('fs').readFileSync(0)), { Webhook, WebhookVerificationError } = require('standardwebhooks');
            try { new Webhook(secret).verify(Buffer.from(body, 'base64').toString(), headers); console.log(true); }
            catch (e) { if (!(e instanceof WebhookVerificationError)) throw e; console.log(false); }
            """;
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Check]) { WorkingDirectory = Package, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(new { secret, headers = request.Headers, body = Convert.ToBase64String(request.Body) }));
        node.StandardInput.Close();
        return (await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
    }
}
