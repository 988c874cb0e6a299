namespace OrderMonolith.Storage;

/// <summary>What the embedded cluster tells people in the log.</summary>
static partial class Notices
{
    [LoggerMessage(LogLevel.Information, "This machine has no {Wanted}: fetching {Package} with npm into {Folder}, once")]
    public static partial void Fetching(this ILogger logger, string wanted, string package, string folder);

    [LoggerMessage(LogLevel.Information, "Preparing a database cluster of PostgreSQL {Version} in {Folder}")]
    public static partial void Preparing(this ILogger logger, int version, string folder);

    [LoggerMessage(LogLevel.Information, "Starting PostgreSQL {Version} in {Folder} on port {Port}")]
    public static partial void Starting(this ILogger logger, int version, string folder, int port);

    [LoggerMessage(LogLevel.Information, "Joined PostgreSQL in {Folder} on port {Port}")]
    public static partial void Joined(this ILogger logger, string folder, int port);

    [LoggerMessage(LogLevel.Information, "Stopped PostgreSQL in {Folder}")]
    public static partial void Stopped(this ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "PostgreSQL in {Folder} did not stop: {Reason}")]
    public static partial void NotStopped(this ILogger logger, string folder, string reason);

    [LoggerMessage(LogLevel.Warning, "PostgreSQL in {Folder} is gone: bringing it back")]
    public static partial void BringingBack(this ILogger logger, string folder);

    [LoggerMessage(LogLevel.Error, "PostgreSQL in {Folder} did not come back, trying again: {Reason}")]
    public static partial void NotBack(this ILogger logger, string folder, string reason);
}
