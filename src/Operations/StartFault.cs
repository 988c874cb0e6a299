using System.Net.Sockets;
using Npgsql;
using OrderMonolith.Storage;
using Wolverine.Runtime.Handlers;

namespace OrderMonolith.Operations;

/// <summary>Why a start failed, for people who can do something about it.</summary>
public static class StartFault
{
    /// <summary>What happened and what to do, in a sentence or two; nothing for a defect.</summary>
    public static string? Explain(Exception fault) => fault switch
    {
        SetupException or BadInputException => fault.Message,
        _ when fault.GetBaseException() is PostgresException refusal && Remedy(refusal.SqlState) is { } remedy => $"The database refused: {refusal.MessageText}. {remedy}",
        _ when StorageFault.Is(fault) =>
            $"The database does not answer: {Outermost<NpgsqlException>(fault).Message.TrimEnd('.')}. See that it runs, and that ConnectionStrings:Orders is how to reach it.",
        _ => fault.GetBaseException() switch
        {
            PostgresException refusal => $"The database refused: {refusal.MessageText}.",
            MissingPreBuiltTypesException =>
                "This build lacks the generated code that Production needs: 'dotnet publish src -c Release' makes what runs there. To develop, set DOTNET_ENVIRONMENT=Development.",
            SocketException or Microsoft.AspNetCore.Connections.AddressInUseException =>
                $"{fault.Message.TrimEnd('.')}. Listen elsewhere, such as --urls http://127.0.0.1:5081, or end what has that address.",
            InvalidOperationException { Source: { } source } setting when source.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) => setting.Message,
            _ => null,
        },
    };

    /// <summary>What the driver says, which names the server, rather than what the network said to the driver.</summary>
    internal static Exception Outermost<T>(Exception fault)
        where T : Exception => fault is T || fault.InnerException is not { } inner ? fault : Outermost<T>(inner);

    static string? Remedy(string state) => state switch
    {
        PostgresErrorCodes.InvalidCatalogName => "Create it, or name another in ConnectionStrings:Orders.",
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidSchemaName => "Run 'resources setup' first.",
        PostgresErrorCodes.InsufficientPrivilege => "See that db/roles.sql was run, or do this as the owner of the schema.",
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => "See that ConnectionStrings:Orders names the right user and password.",
        _ => null,
    };
}
