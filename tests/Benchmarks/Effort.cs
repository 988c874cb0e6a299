using System.Globalization;

namespace OrderMonolith.Benchmarks;

/// <summary>What the service and PostgreSQL have spent so far; the difference of two is what a slot cost.</summary>
/// <param name="Service">CPU seconds of the service.</param>
/// <param name="Database">CPU seconds of PostgreSQL, all its processes.</param>
/// <param name="Commits">Transactions that wrote: PostgreSQL numbers these and no others.</param>
/// <param name="Log">Bytes of write-ahead log.</param>
public sealed record Effort(double Service, double Database, long Commits, long Log)
{
    const double TicksPerSecond = 100;

    /// <summary>Up to now.</summary>
    public static async Task<Effort> SoFar(RunningMonolith monolith, Store store)
    {
        var counts = (await store.Ask("select concat_ws(' ', pg_snapshot_xmax(pg_current_snapshot()), pg_current_wal_insert_lsn() - '0/0')")).Split(' ');
        return new(Cpu(monolith.ProcessId), Cpu(store.ProcessId), Whole(counts[0]), Whole(counts[1]));
    }

    /// <summary>What was spent since an earlier moment.</summary>
    public Effort Since(Effort earlier) => new(Service - earlier.Service, Database - earlier.Database, Commits - earlier.Commits, Log - earlier.Log);

    /// <summary>A process and its children, also those that ended: user and system time as Linux counts it.</summary>
    static double Cpu(int root) => Directory.EnumerateDirectories("/proc").Sum(folder =>
    {
        if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) return 0;
        try
        {
            // The name, in brackets, may hold anything; state, parent and so on follow.
            var fields = File.ReadAllText(Path.Combine(folder, "stat")) is var text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : [];
            return id == root || Whole(fields[1]) == root ? fields[11..15].Sum(Whole) / TicksPerSecond : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    });

    static long Whole(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
}
