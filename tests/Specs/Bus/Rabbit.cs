using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrderMonolith.Specs;
using OrderMonolith.Storage;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

[assembly: AssemblyFixture(typeof(Rabbit))]

namespace OrderMonolith.Specs;

/// <summary>Specs that share the broker, one after another: what is there is named once for all.</summary>
[CollectionDefinition(nameof(Rabbit), DisableParallelization = true)]
public sealed class OneRabbit;

/// <summary>A real RabbitMQ for the specs that ask for one, from the binaries of the machine: a node of its own, on ports of its own, in a temporary folder. It starts when first asked for.</summary>
public sealed class Rabbit : IAsyncDisposable
{
    const string Binaries = "/usr/lib/rabbitmq/bin";

    readonly string node = $"orders{Environment.ProcessId}@localhost";
    readonly (int Amqp, int Distribution, int Names) ports = (FreePort(), FreePort(), FreePort());
    TemporaryFolder? folder;

    /// <summary>How a service reaches it.</summary>
    public string Address => $"amqp://guest:guest@127.0.0.1:{ports.Amqp}/";

    static string[] AsAccount => ServerAccount.IsRoot ? ["runuser", "-u", "rabbitmq", "--"] : [];

    /// <summary>Starts it, unless it runs, and returns once it takes connections.</summary>
    public async Task Start()
    {
        if (Server() is null)
        {
            if (folder is null)
            {
                folder = new();
                if (ServerAccount.IsRoot) await Command.RunAsync("chown", ["rabbitmq", folder.Path]);
            }

            var settings = new Dictionary<string, string>
            {
                ["HOME"] = folder.Path,
                ["RABBITMQ_NODENAME"] = node,
                ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_NODE_PORT"] = $"{ports.Amqp}",
                ["RABBITMQ_DIST_PORT"] = $"{ports.Distribution}",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["ERL_EPMD_PORT"] = $"{ports.Names}",
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder.Path, "data"),
                ["RABBITMQ_LOG_BASE"] = Path.Combine(folder.Path, "log"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder.Path, "plugins"),
                ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder.Path, "none"),
            };
            string[] command = [.. AsAccount, "env", .. settings.Select(s => $"{s.Key}={s.Value}"), "sh", "-c", $"cd && exec {Binaries}/rabbitmq-server >>out 2>&1 </dev/null"];
            Process.Start(new ProcessStartInfo(command[0], command[1..]))!.Dispose();
        }

        await Eventually.That(async () => await Answers());
    }

    /// <summary>Ends it without a word.</summary>
    public void Kill()
    {
        using var server = Server();
        server?.Kill();
        server?.WaitForExit();
    }

    /// <summary>Connects to it, as somebody else than the service.</summary>
    public Task<IConnection> Connect() => new ConnectionFactory { Uri = new(Address), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(TestContext.Current.CancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (folder is null) return;
        Kill();
        await Command.RunAsync("epmd", ["-port", $"{ports.Names}", "-kill"]);
        folder.Dispose();
    }

    async Task<bool> Answers()
    {
        try
        {
            await using var connection = await Connect();
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }

    /// <summary>The process that is the node; its name is nobody else's.</summary>
    Process? Server()
    {
        var candidates = Process.GetProcessesByName("beam.smp");
        var server = candidates.FirstOrDefault(one => File.ReadAllText($"/proc/{one.Id}/environ").Contains(node, StringComparison.Ordinal));
        foreach (var other in candidates.Where(one => one != server)) other.Dispose();
        return server;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
