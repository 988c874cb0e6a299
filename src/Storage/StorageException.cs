namespace OrderMonolith.Storage;

/// <summary>The database cannot be had, for a reason that people can act on: the message names the place and what to do, and is shown without a stack trace.</summary>
public sealed class StorageException(string message, Exception? inner = null) : SetupException(message, inner);
