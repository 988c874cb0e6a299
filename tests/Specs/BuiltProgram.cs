using System.Diagnostics;

namespace OrderMonolith.Specs;

/// <summary>How a run of the program ended and what it printed.</summary>
public sealed record ProgramRun(int Code, string Out, string Error);

/// <summary>The program as it was built, in a process of its own.</summary>
public static class BuiltProgram
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Where it was built, not its copy beside the specs: commands of the frameworks look at every assembly there is.</summary>
    public static string Assembly { get; } = typeof(Program).Assembly.Location.Replace(Path.Combine("tests", "Specs"), "src", StringComparison.Ordinal);

    /// <summary>Runs it to its end on a database.</summary>
    public static Task<ProgramRun> Run(string database, params string[] args) => Run(database, "Inline", args);

    /// <summary>Runs it to its end on a database whose order summaries have a lifecycle.</summary>
    public static async Task<ProgramRun> Run(string database, string lifecycle, string[] args)
    {
        using var process = Start(database, lifecycle, args);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Longest);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            return new(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts it on a database: under the application role.</summary>
    public static Process Start(string database, string lifecycle, params string[] args) => Process.Start(new ProcessStartInfo("dotnet", [Assembly, .. args])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment =
        {
            ["ConnectionStrings__Orders"] = Postgres.AsApplication(database),
            ["OrderSummaries__Lifecycle"] = lifecycle,
            ["DOTNET_ENVIRONMENT"] = "Development",
        },
    })!;
}

/// <summary>The program as it was built, which serves in a process of its own.</summary>
public sealed class ServingProgram : IAsyncDisposable
{
    const string Listens = "Now listening on: ";

    readonly Process process;
    readonly Task reading;

    ServingProgram(Process process, Uri address)
    {
        this.process = process;
        Client = new() { BaseAddress = address };
        reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    }

    /// <summary>Calls it.</summary>
    public HttpClient Client { get; }

    /// <summary>Starts it on a database, and waits until it serves.</summary>
    public static async Task<ServingProgram> Start(string database, params string[] settings)
    {
        var process = BuiltProgram.Start(database, "Inline", ["--urls=http://127.0.0.1:0", .. settings]);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
                if (line.Split(Listens) is [_, var address]) return new(process, new(address));
            throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Ends it without a word.</summary>
    public void Kill() => process.Kill();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Kill();
        await reading;
        Client.Dispose();
        process.Dispose();
    }
}
