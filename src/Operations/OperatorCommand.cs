using System.Runtime.InteropServices;
using JasperFx.CommandLine;
using Marten.Exceptions;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Operations;

/// <summary>How a command of ours ends.</summary>
public enum ExitCode
{
    /// <summary>Done, nothing wrong.</summary>
    Done = 0,

    /// <summary>Something wrong was found, or the work could not be done.</summary>
    Wrong = 1,

    /// <summary>The command line or what it names cannot be used.</summary>
    BadInput = 2,

    /// <summary>Ended by Ctrl-C.</summary>
    Interrupted = 130,
}

/// <summary>The command line, or a file that it names, cannot be used; the message says why.</summary>
public sealed class BadInputException(string message) : Exception(message);

/// <summary>What every command of ours can be told.</summary>
public abstract class OperatorInput
{
    /// <summary>Whether to answer with JSON.</summary>
    [Description("Print the result as JSON")]
    [FlagAlias("json", true)]
    public bool JsonFlag { get; set; }
}

/// <summary>A command for operators: it can be interrupted, and ends with an exit code of its own.</summary>
public abstract class OperatorCommand<T> : JasperFxAsyncCommand<T>, IOperatorCommand
    where T : OperatorInput
{
    /// <inheritdoc />
    public IServiceProvider Services { get; set; } = null!;

    /// <inheritdoc />
    public sealed override async Task<bool> Execute(T input)
    {
        Environment.ExitCode = (int)ExitCode.Wrong;
        var code = await CodeOf(input);
        Environment.ExitCode = (int)code;
        return code is ExitCode.Done;
    }

    /// <summary>Whether it works with views, which must be those of this version then, and whole for as long as it runs.</summary>
    protected virtual bool ReadsViews(T input) => true;

    /// <summary>Does the work.</summary>
    protected abstract Task<ExitCode> Run(T input, CancellationToken cancellationToken);

    async Task<ExitCode> CodeOf(T input)
    {
        using var interruption = new CancellationTokenSource();
        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            await using var joined = ReadsViews(input) ? await Services.GetRequiredService<ServingLock>().Join(interruption.Token) : null;
            return await Run(input, interruption.Token);
        }
        catch (BadInputException e)
        {
            Terminal.Complain(e.Message);
            return ExitCode.BadInput;
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            Terminal.Complain("Interrupted. What was committed stays; start it again to finish.");
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            Terminal.Complain($"The database does not answer: {StartFault.Outermost<NpgsqlException>(e).Message.TrimEnd('.')}. What was committed stays; start it again to finish.");
            return ExitCode.Wrong;
        }
        catch (SetupException e)
        {
            Terminal.Complain(e.Message);
            return ExitCode.Wrong;
        }
        catch (Exception e) when (e is UnknownEventTypeException or EventDeserializationFailureException)
        {
            Terminal.Complain($"A stored event cannot be read: {e.Message} 'events check' names all such events.");
            return ExitCode.Wrong;
        }
        catch (Exception e) when (e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName })
        {
            Terminal.Complain(ViewGuard.NoSchema().Message);
            return ExitCode.Wrong;
        }
        catch (Exception e) when (e.GetBaseException() is PostgresException refused)
        {
            Terminal.Complain($"The database refused: {refused.MessageText}. What was committed stays.");
            return ExitCode.Wrong;
        }

        // The first signal ends the work between two transactions, the second the process at once.
        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = !interruption.IsCancellationRequested;
            interruption.Cancel();
        }
    }
}

/// <summary>A command that gets at the service's parts.</summary>
public interface IOperatorCommand
{
    /// <summary>The parts of the service, which is built but does not serve.</summary>
    IServiceProvider Services { get; set; }
}
