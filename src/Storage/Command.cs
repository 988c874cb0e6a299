using System.ComponentModel;
using System.Diagnostics;

namespace OrderMonolith.Storage;

/// <summary>A program that was run: its exit code and what it said on its two outputs.</summary>
public sealed record Command(int ExitCode, string Output, string Error)
{
    /// <summary>The last three lines it said, in one, for a message to people.</summary>
    public string LastWords => string.Join(' ', (Error.Trim() is { Length: > 0 } said ? said : Output.Trim()).Split('\n').TakeLast(3).Select(line => line.Trim()));

    /// <summary>Runs a program to its end, in the root directory, which every account can enter. One that cannot be started ends with 127, as in a shell. Cancelling ends it and what it started.</summary>
    public static async Task<Command> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation = default)
    {
        using var process = new Process
        {
            StartInfo = new(program, arguments)
            {
                WorkingDirectory = Path.GetPathRoot(Path.GetFullPath(program)),
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new(127, "", e.Message);
        }
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        // On Windows a server left in the background keeps these pipes open: what was said by the end of the program has to do.
        await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
        return new(process.ExitCode, output.IsCompletedSuccessfully ? output.Result : "", error.IsCompletedSuccessfully ? error.Result : "");
    }

    /// <summary>The full path of a program in the folders of a search path such as PATH, or nothing.</summary>
    public static string? Find(string program, string searchPath) =>
        searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .SelectMany(_ => Endings, (folder, ending) => Path.Combine(folder, program + ending))
            .FirstOrDefault(File.Exists);

    static string[] Endings => OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
}
