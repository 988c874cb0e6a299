using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrderMonolith.Benchmarks;

/// <summary>The published service as a process of its own, on a free port of this machine.</summary>
public sealed class RunningMonolith : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly Process process;

    RunningMonolith(Process process, IPEndPoint address) => (this.process, Address) = (process, address);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Its process.</summary>
    public int ProcessId => process.Id;

    /// <summary>Publishes the service of this repository.</summary>
    /// <param name="folder">Where to.</param>
    public static async Task Publish(string folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "OrderMonolith.sln"))) root = root.Parent;
        if (root is null) throw new InvalidOperationException("This does not run from the repository: name a published service with --app.");
        await ToEnd(new("dotnet", ["publish", "src", "-c", "Release", "-o", folder, "-v", "quiet"]) { WorkingDirectory = root.FullName });
    }

    /// <summary>Prepares the database and starts to serve.</summary>
    /// <param name="folder">Where the published service lies.</param>
    /// <param name="database">How it reaches its empty database.</param>
    /// <param name="settings">Its other settings, as arguments.</param>
    public static async Task<RunningMonolith> Start(string folder, string database, params string[] settings)
    {
        await ToEnd(Told(folder, database, "resources", "setup"));
        var address = FreeAddress();
        var monolith = new RunningMonolith(Process.Start(Told(folder, database, ["--urls", $"http://{address}", .. settings]))!, address);
        using var http = new HttpClient();
        for (var end = DateTime.UtcNow + Patience; !await Answers(http, address); await Task.Delay(100))
        {
            if (!monolith.process.HasExited && DateTime.UtcNow < end) continue;
            monolith.Dispose();
            throw new InvalidOperationException($"The service in {folder} does not serve.");
        }
        return monolith;
    }

    /// <summary>Stores demo orders.</summary>
    /// <param name="folder">Where the published service lies.</param>
    /// <param name="database">How it reaches its database.</param>
    /// <param name="orders">How many.</param>
    public static Task Seed(string folder, string database, int orders) => ToEnd(Told(folder, database, "seed", "--orders", orders.ToString(CultureInfo.InvariantCulture), "--seed", "1"));

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    static ProcessStartInfo Told(string folder, string database, params string[] words) => new(Path.Combine(folder, "OrderMonolith"), words)
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = words[0] == "resources",
        Environment =
        {
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__Orders"] = database,
            ["Logging__LogLevel__Default"] = "Error",
            ["Logging__LogLevel__Wolverine"] = "Error",
        },
    };

    static async Task ToEnd(ProcessStartInfo what)
    {
        using var process = Process.Start(what)!;
        if (what.RedirectStandardOutput) await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"'{what.FileName} {string.Join(' ', what.ArgumentList)}' ended with {process.ExitCode}.");
    }

    static async Task<bool> Answers(HttpClient http, IPEndPoint address)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://{address}/v1/orders?limit=1"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static IPEndPoint FreeAddress()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)probe.LocalEndPoint!;
    }
}
