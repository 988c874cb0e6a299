using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace OrderMonolith.Specs;

/// <summary>Settings that mean nothing, or more than was meant, forbid a start.</summary>
public sealed class SettingsSpecs
{
    const string Token = "Authentication:Schemes:Bearer:ValidIssuer=x";

    [Theory]
    [InlineData("Storage:DataFoldr=x", "Storage:DataFoldr")]
    [InlineData("Storage:DataFolder:Path=x", "Storage:DataFolder")]
    [InlineData("Storage=x", "Storage")]
    [InlineData("OrderSummaries:Lifecycle=Live", "OrderSummaries:Lifecycle")]
    [InlineData("OrderSummaries:Lifecycle=7", "OrderSummaries:Lifecycle")]
    [InlineData("OrderSummaries:Lifecicle=Async", "OrderSummaries:Lifecicle")]
    [InlineData("Orders:AbandonAfter=00:00:30", "Orders:AbandonAfter")]
    [InlineData("Orders:AbandonAfter=366.00:00:00", "Orders:AbandonAfter")]
    [InlineData("Orders:AbandonAfter=soon", "Orders:AbandonAfter")]
    [InlineData("Orders:AbandonedAfter=01:00:00", "Orders:AbandonedAfter")]
    [InlineData("Authentication:Anonymous=yes", "Authentication:Anonymous")]
    [InlineData("Authentication:Anonymus=true", "Authentication:Anonymus")]
    [InlineData("Authentication:Schemes=Bearer", "Authentication:Schemes")]
    [InlineData("Authentication:Anonymous=true;" + Token, "exclude each other")]
    [InlineData("Cors:Origins=https://a.example", "Cors:Origins")]
    [InlineData("Cors:Origin:0=https://a.example", "Cors:Origin")]
    [InlineData("urls=nonsense", "nonsense")]
    [InlineData("urls=http://127.0.0.1:99999;Authentication:Anonymous=true", "http://127.0.0.1:99999")]
    [InlineData("ConnectionStrings:Order=Host=x", "ConnectionStrings:Order")]
    [InlineData("ConnectionStrings:Orders=", "ConnectionStrings:Orders")]
    [InlineData("ConnectionStrings:RabbitMq=", "ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings:RabbitMq=localhost:5672", "ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings:RabbitMq=http://localhost", "ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings:Rabbit=amqp://localhost", "ConnectionStrings:Rabbit")]
    [InlineData("ConnectionStrings:Kafka= ", "ConnectionStrings:Kafka")]
    [InlineData("Authentication:Schemes:Beare:ValidIssuer=x", "Authentication:Schemes:Beare")]
    [InlineData("Authentication:Schemes:Bearer=x", "Authentication:Schemes:Bearer")]
    [InlineData("Authentication:Schemes:Bearer:ValidAudence=x", "Authentication:Schemes:Bearer:ValidAudence")]
    [InlineData("Webhooks:Timeout=00:00:00", "Webhooks:Timeout")]
    [InlineData("Webhooks:Timeout=soon", "Webhooks:Timeout")]
    [InlineData("Webhooks:RetryDelays=00:00:05", "Webhooks:RetryDelays")]
    [InlineData("Webhooks:RetryDelays:0=00:00:05;Webhooks:RetryDelays:1=-00:00:05", "Webhooks:RetryDelays:1")]
    [InlineData("Webhooks:PauseAfter=31.00:00:00", "Webhooks:PauseAfter")]
    [InlineData("Webhooks:KeepLog=00:59:00", "Webhooks:KeepLog")]
    [InlineData("Webhooks:AllowedNetworks:0=10.0.0.0/8;Webhooks:AllowedNetworks:1=10.0.0.0/33", "Webhooks:AllowedNetworks:1")]
    [InlineData("Webhooks:AllowedNetworks:0=localhost", "Webhooks:AllowedNetworks:0")]
    [InlineData("Webhooks:AllowHttps=true", "Webhooks:AllowHttps")]
    public void What_is_wrong_is_named(string settings, string named) => Assert.Contains(named, Fault(settings));

    [Theory]
    [InlineData("Storage:DataFolder=/tmp/x;OrderSummaries:Lifecycle=async;authentication:anonymous=True;Cors:Origins:0=https://a.example")]
    [InlineData("Authentication:Schemes:Bearer:ValidIssuer=1;authentication:schemes:bearer:signingKeys:0:value=2")]
    [InlineData("Orders:AbandonAfter=00:01:00")]
    [InlineData("ConnectionStrings:RabbitMq=amqps://shop:secret@rabbit.example:5671/shop;ConnectionStrings:Kafka=a.example:9092,b.example:9092")]
    [InlineData("")]
    [InlineData("Webhooks:Timeout=00:00:30;Webhooks:RetryDelays:0=00:00:01;Webhooks:PauseAfter=2.00:00:00;Webhooks:AllowedNetworks:0=10.0.0.0/8;Webhooks:AllowedNetworks:1=::1/128;Webhooks:AllowHttp=true")]
    public void What_is_right_is_taken(string settings) => Assert.Null(Fault(settings));

    [Theory]
    [InlineData("urls=http://0.0.0.0:80")]
    [InlineData("urls=http://*:80")]
    [InlineData("urls=http://+:80")]
    [InlineData("urls=http://[::]:80")]
    [InlineData("urls=http://shop.example:80")]
    [InlineData("urls=http://127.0.0.1.example:80")]
    [InlineData("urls=http://127.0.0.1:80|http://10.1.2.3:80")]
    [InlineData("http_ports=8080")]
    [InlineData("https_ports=8443")]
    [InlineData("urls=http://127.0.0.1:80;Kestrel:Endpoints:Public:Url=http://0.0.0.0:80")]
    public void Without_authentication_nobody_elsewhere_may_reach_it(string settings)
    {
        Assert.Contains("Authentication:Anonymous=true", Fault(settings));
        Assert.Null(Fault($"{settings};Authentication:Anonymous=true"));
        Assert.Null(Fault($"{settings};{Token}"));
        Assert.Null(Fault(settings, serves: false));
    }

    [Theory]
    [InlineData("urls=http://127.0.0.1:80|http://localhost:81|http://[::1]:82|http://127.5.5.5:83|http://unix:/tmp/socket")]
    [InlineData("urls=http://127.0.0.1:80;http_ports=8080")]
    public void On_this_machine_anybody_may(string settings) => Assert.Null(Fault(settings));

    [Fact]
    public async Task The_process_says_so_and_ends_with_1()
    {
        using var service = Process.Start(new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, "--urls", "http://0.0.0.0:0"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (output, errors) = (service.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), service.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await service.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, service.ExitCode);
        Assert.StartsWith("Told to listen on http://0.0.0.0:0", await errors);
        Assert.DoesNotContain("   at ", await errors + await output);
    }

    static string? Fault(string settings, bool serves = true)
    {
        var given = settings.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => (string?)s[1].Replace('|', ';'));
        return Record.Exception(() => Setup.Check(new ConfigurationBuilder().AddInMemoryCollection(given).Build(), serves))?.Message;
    }
}
