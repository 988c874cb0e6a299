namespace OrderMonolith.Storage;

/// <summary>
/// Our use of a data folder's private PostgreSQL. Every process joins the same server and holds a lock that ends with the process; the first starts the server, the last
/// to leave stops it, and each brings it back when it dies.
/// </summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    readonly DataFolder folder;
    readonly PostgresServer server;
    readonly ILogger logger;
    readonly FileStream use;
    readonly CancellationTokenSource leaving = new();
    Task watch = Task.CompletedTask;

    EmbeddedCluster(DataFolder folder, PostgresServer server, ILogger logger) =>
        (this.folder, this.server, this.logger, use) = (folder, server, logger, FileLock.Shared(folder.UsersLock));

    /// <summary>How to reach the orders' database, as it was when we joined.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Joins the server of a data folder; prepares and starts it first where needed.</summary>
    /// <exception cref="StorageException">It cannot be brought up.</exception>
    public static async Task<EmbeddedCluster> JoinAsync(DataFolder folder, PostgresSearch search, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            await folder.PrepareAsync();
            using var start = await FileLock.ExclusiveAsync(folder.StartLock, cancellation);
            var cluster = new EmbeddedCluster(folder, new(folder, search, logger), logger);
            try
            {
                await cluster.EnterAsync(cancellation);
            }
            catch
            {
                await cluster.LeaveAsync();
                throw;
            }
            return cluster;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The data folder {folder.Root} cannot be used: {e.Message} Let this user write there, make room on the disk, or name another folder in Storage:DataFolder.", e);
        }
    }

    /// <summary>Ends our use; the last one stops the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await leaving.CancelAsync();
        await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        leaving.Dispose();
        using var start = await FileLock.ExclusiveAsync(folder.StartLock, CancellationToken.None);
        await LeaveAsync();
    }

    async Task EnterAsync(CancellationToken cancellation)
    {
        if (!await server.EnsureRunningAsync(cancellation))
            logger.Joined(folder.Root, folder.Port);
        ConnectionString = server.ConnectionString;
        watch = WatchAsync();
    }

    async Task LeaveAsync()
    {
        await use.DisposeAsync();
        await using var alone = FileLock.TryExclusive(folder.UsersLock);
        if (alone is not null)
            await server.StopAsync();
    }

    async Task WatchAsync()
    {
        using var glances = new PeriodicTimer(Glance);
        try
        {
            while (await glances.WaitForNextTickAsync(leaving.Token)) await LookAsync();
        }
        catch (OperationCanceledException)
        {
            // We leave.
        }
    }

    /// <summary>Brings the server back if it died. What goes wrong here may go well at the next glance.</summary>
    async Task LookAsync()
    {
        try
        {
            if (server.IsAlive)
                return;
            using var start = await FileLock.ExclusiveAsync(folder.StartLock, leaving.Token);
            if (server.IsAlive)
                return;
            logger.BringingBack(folder.Root);
            await server.EnsureRunningAsync(leaving.Token);
        }
        catch (Exception e) when (!leaving.IsCancellationRequested)
        {
            logger.NotBack(folder.Root, e.Message);
        }
    }
}
