using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>Which history of events the database holds. A database that is restored, copied or recovered to an earlier time holds another one, whose positions mean other events.</summary>
/// <remarks>PostgreSQL tells them apart by cluster, by timeline (recovery to a point in time and promotion begin a new one) and by database.</remarks>
public sealed class StoreEpoch(NpgsqlDataSource database, TimeProvider clock)
{
    /// <summary>What is being written tells the timeline at once; the last checkpoint, only after a while.</summary>
    const string Identity = """
        select concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), oid) from pg_control_system(), pg_database where datname = current_database()
        """;

    /// <summary>A node whose database was replaced beneath it notices within this time.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    volatile Known? known;

    sealed record Known(Guid Epoch, long At);

    /// <summary>The epoch, as of a few seconds ago at most.</summary>
    public async ValueTask<Guid> Current(CancellationToken cancellation)
    {
        if (known is { } held && clock.GetElapsedTime(held.At) < Fresh) return held.Epoch;
        await using var command = database.CreateCommand(Identity);
        var identity = (string)(await command.ExecuteScalarAsync(cancellation))!;
        var epoch = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 16));
        known = new(epoch, clock.GetTimestamp());
        return epoch;
    }
}
