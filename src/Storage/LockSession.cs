using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>A connection of its own that holds, or asks for, a lock: that on the views, shared by those that serve, or alone; or that on one piece of work.</summary>
public sealed class LockSession : IAsyncDisposable
{
    const string Views = "5715999101812593255";

    /// <summary>For an answer that should come at once: a server that says nothing more must not hold up the end of a process.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly NpgsqlConnection connection;
    readonly string key;

    LockSession(NpgsqlConnection connection, string key) => (this.connection, this.key) = (connection, key);

    /// <summary>A session that holds nothing yet, for the lock on the views.</summary>
    public static Task<LockSession> Open(NpgsqlDataSource database, CancellationToken cancellation) => Open(database, Views, cancellation);

    /// <summary>Takes the lock on a piece of work of which there is one at a time, whoever does it; null where somebody does.</summary>
    public static async Task<LockSession?> TryFor(NpgsqlDataSource database, string work, CancellationToken cancellation)
    {
        var session = await Open(database, $"hashtextextended('{work}', 0)", cancellation);
        if (await session.TryAlone(cancellation)) return session;
        await session.DisposeAsync();
        return null;
    }

    static async Task<LockSession> Open(NpgsqlDataSource database, string key, CancellationToken cancellation)
    {
        // The lock ends with its connection, so that one is not handed on.
        await using var pooled = database.CreateConnection();
        var connection = pooled.CloneWith(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            return new(connection, key);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the lock alone, if nobody has it.</summary>
    public Task<bool> TryAlone(CancellationToken cancellation) => Ask($"pg_try_advisory_lock({key})", cancellation);

    /// <summary>Takes the lock beside others, unless somebody has it alone.</summary>
    public Task<bool> TryShared(CancellationToken cancellation) => Ask($"pg_try_advisory_lock_shared({key})", cancellation);

    /// <summary>Takes the lock beside others, as soon as nobody has it alone.</summary>
    public Task Share(CancellationToken cancellation) => Ask($"pg_advisory_lock_shared({key})", Timeout.InfiniteTimeSpan, cancellation);

    /// <summary>Lets others in, without a moment in which nobody holds the lock.</summary>
    public async Task ShareFromAlone(CancellationToken cancellation)
    {
        await TryShared(cancellation);
        await Ask($"pg_advisory_unlock({key})", cancellation);
    }

    /// <summary>Lets go of the lock, however it was held.</summary>
    public Task LetGo(CancellationToken cancellation) => Ask("pg_advisory_unlock_all() is null", cancellation);

    /// <summary>Stays for a while, and makes sure that the connection is still there.</summary>
    /// <exception cref="NpgsqlException">It is not.</exception>
    public async Task Stand(TimeSpan pulse, CancellationToken cancellation)
    {
        await connection.WaitAsync(pulse, cancellation);
        await Confirm(cancellation);
    }

    /// <summary>Makes sure that the connection is still there.</summary>
    /// <exception cref="NpgsqlException">It is not.</exception>
    public Task Confirm(CancellationToken cancellation) => Ask("true", cancellation);

    /// <summary>Lets go. Said aloud, because the server may take a while to see that the connection is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await LetGo(CancellationToken.None);
            await connection.DisposeAsync().AsTask().WaitAsync(Patience);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // Gone, or as good as gone, and the lock with it.
            _ = Task.Run(async () => await connection.DisposeAsync());
        }
    }

    /// <summary>The time is ours: the driver's limit has the server asked to give up, which may say nothing to that either.</summary>
    Task<bool> Ask(string question, CancellationToken cancellation) => Ask(question, Patience, cancellation);

    async Task<bool> Ask(string question, TimeSpan patience, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select " + question, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellation).WaitAsync(patience, CancellationToken.None) is true;
    }
}
