using Npgsql;

namespace OrderMonolith.Operations;

/// <summary>A connection of its own that holds, or asks for, the lock on the views: shared by those that serve, or alone.</summary>
public sealed class LockSession : IAsyncDisposable
{
    const string Key = "5715999101812593255";

    /// <summary>Seconds for an answer that should come at once: a server that says nothing more must not hold up the end of a process.</summary>
    const int Patience = 5;

    readonly NpgsqlConnection connection;

    LockSession(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>A session that holds nothing yet.</summary>
    public static async Task<LockSession> Open(NpgsqlDataSource database, CancellationToken cancellation) =>
        new(await database.OpenConnectionAsync(cancellation));

    /// <summary>Takes the lock alone, if nobody has it.</summary>
    public Task<bool> TryAlone(CancellationToken cancellation) => Ask($"pg_try_advisory_lock({Key})", cancellation);

    /// <summary>Takes the lock beside others, unless somebody has it alone.</summary>
    public Task<bool> TryShared(CancellationToken cancellation) => Ask($"pg_try_advisory_lock_shared({Key})", cancellation);

    /// <summary>Takes the lock beside others, as soon as nobody has it alone.</summary>
    public Task Share(CancellationToken cancellation) => Ask($"pg_advisory_lock_shared({Key})", cancellation, patience: 0);

    /// <summary>Lets others in, without a moment in which nobody holds the lock.</summary>
    public async Task ShareFromAlone(CancellationToken cancellation)
    {
        await TryShared(cancellation);
        await Ask($"pg_advisory_unlock({Key})", cancellation);
    }

    /// <summary>Lets go of the lock, however it was held.</summary>
    public Task LetGo(CancellationToken cancellation) => Ask("pg_advisory_unlock_all() is null", cancellation);

    /// <summary>Stays for a while, and makes sure that the connection is still there.</summary>
    /// <exception cref="NpgsqlException">It is not.</exception>
    public async Task Stand(TimeSpan pulse, CancellationToken cancellation)
    {
        await connection.WaitAsync(pulse, cancellation);
        await Ask("true", cancellation);
    }

    /// <summary>Lets go. Said aloud, because a pooled connection may be handed on as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await LetGo(CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // Gone, and the lock with it.
        }

        await connection.DisposeAsync();
    }

    async Task<bool> Ask(string question, CancellationToken cancellation, int patience = Patience)
    {
        await using var command = new NpgsqlCommand("select " + question, connection) { CommandTimeout = patience };
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
