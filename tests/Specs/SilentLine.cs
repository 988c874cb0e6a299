using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>The way to a database, on which nothing comes through any more once it has fallen silent; nobody hangs up either.</summary>
public sealed class SilentLine : IAsyncDisposable
{
    readonly NpgsqlConnectionStringBuilder database;
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource end = new();
    readonly Task accepting;
    volatile bool silent;

    /// <param name="connectionString">The database behind it, on TCP.</param>
    public SilentLine(string connectionString)
    {
        database = new(connectionString);
        listener.Start();
        accepting = Accept();
    }

    /// <summary>How to reach the database through it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ConnectionString;

    /// <summary>From now on it swallows everything.</summary>
    public void FallSilent() => silent = true;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.Dispose();
    }

    async Task Accept()
    {
        while (true) _ = Serve(await listener.AcceptTcpClientAsync(end.Token));
    }

    async Task Serve(TcpClient caller)
    {
        using var server = new TcpClient();
        using (caller)
        {
            await server.ConnectAsync(database.Host!, database.Port, end.Token);
            await Task.WhenAll(Carry(caller.GetStream(), server.GetStream()), Carry(server.GetStream(), caller.GetStream()));
        }
    }

    async Task Carry(NetworkStream from, NetworkStream to)
    {
        var bytes = new byte[8_192];
        while (await from.ReadAsync(bytes, end.Token) is > 0 and var length)
            if (!silent)
                await to.WriteAsync(bytes.AsMemory(0, length), end.Token);
    }
}
