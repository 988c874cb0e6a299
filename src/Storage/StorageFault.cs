using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>Tells a database that cannot serve from one that answered "no".</summary>
public static class StorageFault
{
    /// <summary>Whether an exception means that the database could not be reached, went away, gave no answer in time or had no resources left.
    /// What was sent may or may not have been committed, so the same work must not simply be sent again.</summary>
    public static bool Is(Exception exception) => Chain(exception).Any(e => e switch
    {
        PostgresException refused => refused.SqlState[..2] is "08" or "53" or "57" or "58" or "XX",
        NpgsqlException or TimeoutException => true,
        _ => false,
    });

    static IEnumerable<Exception> Chain(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException) yield return e;
    }
}
