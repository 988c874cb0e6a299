using Npgsql;

namespace OrderMonolith.Operations;

/// <summary>A connection of its own that holds, or asks for, the lock on the views: shared by those that serve, or alone.</summary>
public sealed class LockSession : IAsyncDisposable
{
    const string Key = "5715999101812593255";

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
    public Task Share(CancellationToken cancellation) => Ask($"pg_advisory_lock_shared({Key})", cancellation);

    /// <summary>Lets others in, without a moment in which nobody holds the lock.</summary>
    public async Task ShareFromAlone(CancellationToken cancellation)
    {
        await Share(cancellation);
        await Ask($"pg_advisory_unlock({Key})", cancellation);
    }

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
            await Ask("pg_advisory_unlock_all() is null", CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // Gone, and the lock with it.
        }

        await connection.DisposeAsync();
    }

    async Task<bool> Ask(string question, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("select " + question, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
