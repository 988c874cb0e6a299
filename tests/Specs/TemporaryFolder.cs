namespace OrderMonolith.Specs;

/// <summary>A folder of a spec's own, open to every account, gone after it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    const UnixFileMode Everyone = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Creates it.</summary>
    public TemporaryFolder() => OpenToAll(Path);

    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("ordermonolith-spec-").FullName;

    /// <summary>Shuts all but its owner out.</summary>
    public void Close() => SetMode(Path, Owner);

    /// <summary>Lets everyone enter a folder or run a program.</summary>
    public static void OpenToAll(string path) => SetMode(path, Everyone);

    /// <inheritdoc />
    public void Dispose() => Directory.Delete(Path, recursive: true);

    static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}
