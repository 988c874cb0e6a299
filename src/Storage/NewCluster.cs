using System.Security.Cryptography;
using System.Text;

namespace OrderMonolith.Storage;

/// <summary>Prepares a data folder's cluster: durable, UTF-8, sorted by code point on every machine, with checksums, and a password of its own.</summary>
public static class NewCluster
{
    /// <summary>Makes the cluster beside its place and moves it there when it is complete, so that a half made one is never taken for one.</summary>
    /// <exception cref="StorageException">Something else is in its place, or PostgreSQL cannot make it.</exception>
    public static async Task MakeAsync(DataFolder folder, PostgresBinaries binaries)
    {
        if (Directory.Exists(folder.Cluster))
            throw new StorageException($"{folder.Cluster} holds no PostgreSQL data that this user can read. Start this as the user it belongs to, or name another folder in Storage:DataFolder.");
        var making = folder.Cluster + ".new";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        Directory.CreateDirectory(making);
        await folder.Account.GiveAsync(making);
        await WritePasswordAsync(folder);
        var made = await folder.Account.RunAsync(binaries.Initialise,
            "-D", making, "-U", "postgres", $"--pwfile={folder.PasswordFile}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums");
        if (made.ExitCode != 0)
            throw new StorageException($"PostgreSQL could not prepare its cluster in {folder.Root}: {made.LastWords}");
        Directory.Move(making, folder.Cluster);
    }

    static async Task WritePasswordAsync(DataFolder folder)
    {
        File.Delete(folder.PasswordFile);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new FileStream(folder.PasswordFile, options))
        {
            file.Write(Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(64, lowercase: true)));
            file.Flush(flushToDisk: true);
        }
        await folder.Account.GiveAsync(folder.PasswordFile);
    }
}
