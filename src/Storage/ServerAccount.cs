namespace OrderMonolith.Storage;

/// <summary>Whom PostgreSQL runs as: ourselves, or for root an unprivileged account, because PostgreSQL refuses to run as root.</summary>
/// <param name="Name">The account, or nothing for our own.</param>
public sealed record ServerAccount(string? Name)
{
    const UnixFileMode EveryoneEnters = (UnixFileMode)0b111_101_101;

    static readonly string[] Candidates = ["postgres", "_postgres", "nobody"];

    /// <summary>Whether root runs us.</summary>
    public static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>The account for a cluster: for root its present owner, or the first of <c>postgres</c>, <c>_postgres</c> and <c>nobody</c> that exists.</summary>
    /// <exception cref="StorageException">Root finds none of them.</exception>
    public static async Task<ServerAccount> OfAsync(string cluster)
    {
        if (!IsRoot)
            return new(Name: null);
        if (Directory.Exists(cluster) && (await Command.RunAsync("ls", ["-ld", cluster])).Output.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, var owner, ..])
            return new(owner);
        foreach (var name in Candidates)
            if ((await Command.RunAsync("id", ["-u", name])).ExitCode == 0)
                return new(name);
        throw new StorageException($"PostgreSQL refuses to run as root, and none of the accounts {string.Join(", ", Candidates)} exists to run it. Create one, or start this as an ordinary user.");
    }

    /// <summary>Runs a program to its end under the account.</summary>
    public Task<Command> RunAsync(string program, params IEnumerable<string> arguments) =>
        Name is null ? Command.RunAsync(program, arguments)
        : OperatingSystem.IsLinux() ? Command.RunAsync("runuser", ["-u", Name, "--", program, .. arguments])
        : Command.RunAsync("sudo", ["-n", "-u", Name, "--", program, .. arguments]);

    /// <summary>Whether the account can enter a folder or, where it does not exist yet, the nearest one above.</summary>
    public async Task<bool> ReachesAsync(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            folder = parent;
        return Name is null || (await RunAsync("test", "-x", folder)).ExitCode == 0;
    }

    /// <summary>Creates a folder and its missing parents, enterable by the account whatever the umask says.</summary>
    public void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
            return;
        if (Path.GetDirectoryName(folder) is { } parent)
            CreateFolder(parent);
        Directory.CreateDirectory(folder);
        if (Name is not null && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, EveryoneEnters);
    }

    /// <summary>Gives a file or folder of ours to the account.</summary>
    /// <exception cref="StorageException">The system refuses.</exception>
    public Task GiveAsync(string path) => ChangeAsync("chown", "-h", Name!, path);

    /// <summary>Lets the account read and run all in a folder of ours.</summary>
    /// <exception cref="StorageException">The system refuses.</exception>
    public Task OpenAsync(string folder) => ChangeAsync("chmod", "-R", "a+rX", folder);

    async Task ChangeAsync(string program, params string[] arguments)
    {
        if (Name is not null && await Command.RunAsync(program, arguments) is { ExitCode: not 0 } failed)
            throw new StorageException($"{arguments[^1]} cannot be opened to the account {Name}, which runs PostgreSQL because root may not: {failed.LastWords}");
    }
}
