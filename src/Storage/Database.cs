using Npgsql;

namespace OrderMonolith.Storage;

/// <summary>The PostgreSQL database this process uses: the one that <c>ConnectionStrings:Orders</c> names, else the embedded cluster. To be disposed of after all its users, so that the cluster ends last.</summary>
public sealed class Database : IAsyncDisposable
{
    readonly EmbeddedCluster? cluster;

    Database(string connectionString, EmbeddedCluster? cluster = null) => (ConnectionString, this.cluster) = (connectionString, cluster);

    /// <summary>How to reach it.</summary>
    public string ConnectionString { get; }

    /// <summary>Whether it is the embedded cluster.</summary>
    public bool IsEmbedded => cluster is not null;

    /// <summary>No database, for what does without: to use it fails.</summary>
    public static Database None { get; } = new("Host=none.invalid");

    /// <summary>A source of connections to it.</summary>
    public NpgsqlDataSource ToDataSource() => NpgsqlDataSource.Create(ConnectionDefaults.Complete(ConnectionString));

    /// <summary>Opens the database that the settings name. Only the embedded cluster is started or joined here; a server of others is not asked yet.</summary>
    /// <exception cref="StorageException">There is no database to be had.</exception>
    public static async Task<Database> OpenAsync(IConfiguration configuration, IHostEnvironment environment, ILogger logger, CancellationToken cancellation)
    {
        if (configuration.GetConnectionString("Orders") is { Length: > 0 } given)
            return new(Checked(given));
        var folder = await DataFolder.LocateAsync(configuration["Storage:DataFolder"], environment.ContentRootPath);
        var cluster = await EmbeddedCluster.JoinAsync(folder, PostgresSearch.Machine, logger, cancellation);
        return new(cluster.ConnectionString, cluster);
    }

    /// <summary>Ends our use of the embedded cluster; the last process to do so stops it.</summary>
    public ValueTask DisposeAsync() => cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    static string Checked(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString).ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new StorageException($"ConnectionStrings:Orders is not a PostgreSQL connection string: {e.Message}", e);
        }
    }
}
