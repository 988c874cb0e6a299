namespace OrderMonolith.Storage;

/// <summary>Locks between processes, held as open files: the system drops them with the process, however it ends.</summary>
public static class FileLock
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Takes a lock that many may hold at once. Fails with an <see cref="IOException"/> while somebody holds it alone.</summary>
    public static FileStream Shared(string path) => new(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);

    /// <summary>Takes a lock for us alone, or nothing while anybody else holds it.</summary>
    public static FileStream? TryExclusive(string path)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return null;
        }
    }

    /// <summary>Takes a lock for us alone, waiting up to five minutes for the others.</summary>
    /// <exception cref="StorageException">Somebody did not give it back in time.</exception>
    public static async Task<FileStream> ExclusiveAsync(string path, CancellationToken cancellation)
    {
        for (var end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; await Task.Delay(50, cancellation))
            if (TryExclusive(path) is { } mine)
                return mine;
        throw new StorageException($"Another process has held {path} for {Patience.TotalMinutes} minutes. End it and try again.");
    }
}
