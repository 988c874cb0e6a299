using System.Data.Common;
using JasperFx.Events;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace OrderMonolith.Commands;

/// <summary>Has a transaction give up soon where another session holds what it needs, and has PostgreSQL undo it should this node hang before COMMIT. Sent along with what it writes.</summary>
/// <param name="patience">How long it waits for a lock.</param>
/// <param name="silence">How long nothing may come from this node.</param>
sealed class BoundedWaits(TimeSpan patience, TimeSpan silence) : IStorageOperation
{
    /// <summary>What belongs to events is sent first, and among that what was queued first.</summary>
    public Type DocumentType => typeof(IEvent);

    public OperationRole Role() => OperationRole.Other;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session) => builder.Append(string.Create(null,
        $"select set_config('lock_timeout', '{patience.TotalMilliseconds}', true), set_config('idle_in_transaction_session_timeout', '{silence.TotalMilliseconds}', true)"));

    public Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token) => Task.CompletedTask;
}
