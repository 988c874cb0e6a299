using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>Where a transaction is when its connection breaks.</summary>
public enum BreakAt
{
    /// <summary>It has begun, but what it writes does not come through.</summary>
    Writes,

    /// <summary>All is written, but COMMIT does not come through.</summary>
    BeforeCommit,

    /// <summary>COMMIT comes through, and nobody is there for its answer.</summary>
    Commit,

    /// <summary>PostgreSQL has committed, but its answer does not come through.</summary>
    Committed,
}

/// <summary>The way to a database. It may fall silent: then nothing comes through any more, and nobody hangs up either. Or one connection of it breaks at a chosen moment.</summary>
public sealed class BrittleLine : IAsyncDisposable
{
    readonly NpgsqlConnectionStringBuilder database;
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource end = new();
    readonly Task accepting;
    Breakage? next;
    volatile bool silent;

    /// <param name="connectionString">The database behind it, on TCP.</param>
    public BrittleLine(string connectionString)
    {
        database = new(connectionString);
        listener.Start();
        accepting = Accept();
    }

    /// <summary>How to reach the database through it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ConnectionString;

    /// <summary>From now on it swallows everything.</summary>
    public void FallSilent() => silent = true;

    /// <summary>Breaks the connection of the next transaction that writes a text. Others do not notice, and who connects again comes through.</summary>
    public void Break(BreakAt moment, ReadOnlySpan<byte> text) => Volatile.Write(ref next, new(moment, text.ToArray()));

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
            Breakage? mine = null;
            await Task.WhenAny(
                Carry(caller.GetStream(), server.GetStream(), bytes =>
                {
                    if (Volatile.Read(ref next) is { } wanted && bytes.IndexOf(wanted.Text) >= 0) mine = Interlocked.Exchange(ref next, null);
                    return mine?.Of(bytes) ?? Fate.Arrives;
                }),
                Carry(server.GetStream(), caller.GetStream(), _ => mine is { Commits: true } ? Fate.IsLost : Fate.Arrives));
        }
    }

    async Task Carry(NetworkStream from, NetworkStream to, Func<ReadOnlySpan<byte>, Fate> decide)
    {
        var bytes = new byte[8_192];
        while (await from.ReadAsync(bytes, end.Token) is > 0 and var length)
        {
            if (silent) continue;
            var fate = decide(bytes.AsSpan(0, length));
            if (fate is not Fate.IsLost) await to.WriteAsync(bytes.AsMemory(0, length), end.Token);
            if (fate is not Fate.Arrives) return;
        }
    }

    /// <summary>What becomes of some bytes: all but the first end the connection.</summary>
    enum Fate
    {
        Arrives,
        IsLost,
        IsTheLast,
    }

    sealed class Breakage(BreakAt moment, byte[] text)
    {
        volatile bool commits;

        public byte[] Text => text;

        public bool Commits => commits;

        public Fate Of(ReadOnlySpan<byte> bytes)
        {
            if (moment is BreakAt.Writes) return Fate.IsLost;
            commits = bytes.IndexOf("COMMIT\0"u8) >= 0;
            return (commits, moment) switch { (true, BreakAt.BeforeCommit) => Fate.IsLost, (true, BreakAt.Commit) => Fate.IsTheLast, _ => Fate.Arrives };
        }
    }
}
