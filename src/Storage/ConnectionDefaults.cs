using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>What a connection to the database is like where the connection string does not say otherwise.</summary>
public static class ConnectionDefaults
{
    /// <summary>The connection string, completed.</summary>
    /// <exception cref="ArgumentException">It is not a connection string.</exception>
    public static string Complete(string connectionString)
    {
        var complete = new NpgsqlConnectionStringBuilder(connectionString);
        var said = new NpgsqlConnectionStringBuilder(connectionString).Keys.Cast<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);

        // Statements are few and always the same, so all of them are prepared.
        Unless("Max Auto Prepare", c => c.MaxAutoPrepare = 64);

        // Nobody changes a session's settings or leaves anything behind in one, so there is nothing to reset.
        Unless("No Reset On Close", c => c.NoResetOnClose = true);

        // A server that is there answers at once; callers are waiting.
        Unless("Timeout", c => c.Timeout = 5);

        // One committer, the readers and the views; more connections only take turns on the same cores.
        Unless("Maximum Pool Size", c => c.MaxPoolSize = 16);
        Unless("Application Name", c => c.ApplicationName = "order-monolith");
        return complete.ConnectionString;

        void Unless(string key, Action<NpgsqlConnectionStringBuilder> otherwise)
        {
            if (!said.Contains(key)) otherwise(complete);
        }
    }
}
