using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>Tells a database that cannot serve from one that answered "no".</summary>
public static class StorageFault
{
    /// <summary>Whether an exception means that the database could not be reached, went away, let nobody in or nobody write, gave no answer in time or
    /// had no resources left. What was sent may or may not have been committed, so the same work must not simply be sent again.</summary>
    public static bool Is(Exception exception) => Chain(exception).Any(e => e switch
    {
        PostgresException refused => IsFault(refused.SqlState),
        NpgsqlException or TimeoutException => true,
        _ => false,
    });

    /// <summary>Whether PostgreSQL gave up waiting for what another session holds. It undid the transaction.</summary>
    public static bool IsHeld(Exception exception) => exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>Whether PostgreSQL undid a transaction for a reason that may be gone in a moment, so that it may be sent again as it is.</summary>
    public static bool MaySendAgain(Exception exception) => exception.GetBaseException() is PostgresException { SqlState: var why }
        && (why is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected || why[..2] is "53" or "58");

    static bool IsFault(string sqlState) => sqlState is
        PostgresErrorCodes.ReadOnlySqlTransaction // a standby, or read-only by decree
        or "25P03" or "25P04" // a session or transaction that lasted too long for the server
        || sqlState[..2] is
        "08" // the connection
        or "28" // an account that is not let in
        or "3D" // a database that is not there
        or "53" // memory, disk or connections spent
        or "55" // locked, or not taking connections
        or "57" // stopped by an operator
        or "58" // the system below
        or "XX"; // PostgreSQL itself

    static IEnumerable<Exception> Chain(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException) yield return e;
    }
}
