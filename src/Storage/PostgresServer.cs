using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>The PostgreSQL server of one data folder: preparing its cluster, starting, asking and stopping it. Whoever calls holds the folder's start lock.</summary>
public sealed class PostgresServer(DataFolder folder, PostgresSearch search, ILogger logger)
{
    // fsync and its like are named although they are the defaults: what was acknowledged is kept, whatever the configuration file says.
    const string Settings = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100 -c shared_buffers=128MB "
        + "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c timezone=UTC -c log_timezone=UTC";

    const string Maintenance = "postgres";
    const string Orders = "orders";
    const int Attempts = 20;
    const long LargestLog = 16 << 20;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    PostgresBinaries? binaries;

    /// <summary>How to reach the orders' database while the server keeps its port.</summary>
    public string ConnectionString => To(Orders).ConnectionString;

    /// <summary>Whether the server's process exists, answering or not.</summary>
    public bool IsAlive => folder.ProcessId is { } id && IsServer(id);

    /// <summary>Makes sure that the server answers: prepares a cluster where there is none and starts it where it does not run.</summary>
    /// <returns>Whether it had to be started.</returns>
    /// <exception cref="StorageException">It cannot be brought up.</exception>
    public async Task<bool> EnsureRunningAsync(CancellationToken cancellation)
    {
        if (folder.Version is null)
        {
            var found = await BinariesAsync(cancellation);
            logger.Preparing(found.Version, folder.Root);
            await NewCluster.MakeAsync(folder, found);
        }
        var started = false;
        var end = DateTime.UtcNow + Patience;
        for (var attempts = 0; await AskAsync(cancellation) is { } refusal; await Task.Delay(Pause, cancellation))
        {
            // After a crash the old server's backends may hold on for a moment, and a port may be lost to others: one failure says little.
            if (DateTime.UtcNow > end || attempts == Attempts)
                throw new StorageException($"PostgreSQL in {folder.Root} cannot be brought up: {refusal.Message} The last lines of {folder.Log} may tell why:{Environment.NewLine}{LogEnd()}", refusal);
            if (refusal is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections })
                continue;
            started |= await StartAsync(announce: attempts++ == 0, cancellation);
        }
        return started;
    }

    /// <summary>Stops the server, if it runs, and waits until its data is on the disk.</summary>
    public async Task StopAsync()
    {
        if (!IsAlive)
            return;
        var stopped = await RunAsync((await BinariesAsync(CancellationToken.None)).Control, "stop", "-D", folder.Cluster, "-m", "fast", "-w", "-t", "60", "-s");
        if (stopped.ExitCode == 0)
            logger.Stopped(folder.Root);
        else
            logger.NotStopped(folder.Root, stopped.LastWords);
    }

    async Task<bool> StartAsync(bool announce, CancellationToken cancellation)
    {
        if (folder.ProcessId is { } id && !IsServer(id))
            File.Delete(folder.ProcessFile);
        if (new FileInfo(folder.Log) is { Exists: true, Length: > LargestLog } log)
            log.MoveTo(folder.Log + ".old", overwrite: true);
        var found = await BinariesAsync(cancellation);
        var port = FreePort(folder.Port);
        if (announce)
            logger.Starting(found.Version, folder.Root, port);
        var start = await RunAsync(found.Control, "start", "-D", folder.Cluster, "-l", folder.Log, "-w", "-t", "300", "-s", "-o", $"{Settings} -c port={port}");
        return start.ExitCode == 0;
    }

    /// <summary>Nothing if the server of this very folder answers, else what stands in the way.</summary>
    async Task<NpgsqlException?> AskAsync(CancellationToken cancellation)
    {
        if (!IsAlive)
            return new("It does not run.");
        try
        {
            await using var source = NpgsqlDataSource.Create(To(Maintenance));
            await using var about = source.CreateCommand($"select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int, exists (select from pg_database where datname = '{Orders}')");
            await using var answer = await about.ExecuteReaderAsync(cancellation);
            await answer.ReadAsync(cancellation);
            if (answer.GetInt32(0) != folder.ProcessId)
                return new($"Another server answers on its port {folder.Port}.");
            if (!answer.GetBoolean(1))
            {
                await using var creation = source.CreateCommand($"create database {Orders}");
                await creation.ExecuteNonQueryAsync(cancellation);
            }
            return null;
        }
        catch (NpgsqlException e)
        {
            return e;
        }
    }

    // The server proves with SCRAM that it knows the password; a stranger on our port cannot, nor can it ask us for the password itself.
    NpgsqlConnectionStringBuilder To(string database) => new()
    {
        Host = "127.0.0.1",
        Port = folder.Port,
        Username = "postgres",
        Password = File.ReadAllText(folder.PasswordFile),
        Database = database,
        RequireAuth = "ScramSHA256",
    };

    async Task<PostgresBinaries> BinariesAsync(CancellationToken cancellation) => binaries ??= await PostgresBinaries.FindAsync(search, folder, logger, cancellation);

    Task<Command> RunAsync(string program, params IEnumerable<string> arguments) => folder.Account.RunAsync(program, arguments);

    string LogEnd() => File.Exists(folder.Log) ? string.Join(Environment.NewLine, File.ReadLines(folder.Log).TakeLast(5)) : "";

    static int FreePort(int wanted)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, wanted));
        }
        catch (SocketException)
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        }
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    // PostgreSQL alone would take any process of the same account that was given the dead server's number for the server.
    bool IsServer(int id)
    {
        try
        {
            // A server works in its data directory, however the way there is spelled; one that died and was not yet buried works nowhere.
            return OperatingSystem.IsLinux() ? Note($"/proc/{id}/cwd/postmaster.pid").SequenceEqual(Note(folder.ProcessFile)) : IsPostgres(id);
        }
        catch (UnauthorizedAccessException)
        {
            return IsPostgres(id);
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    // Its process, its directory and when it started.
    static IEnumerable<string> Note(string file) => File.ReadLines(file).Take(3);

    static bool IsPostgres(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.ProcessName.Equals("postgres", StringComparison.OrdinalIgnoreCase);
    }
}
