using System.Diagnostics;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>A transaction of somebody else that holds what others then wait for.</summary>
public sealed class Blocked : IAsyncDisposable
{
    // Two cores have to do for those who wait and whoever watches them.
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    readonly NpgsqlDataSource database;
    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;

    Blocked(NpgsqlDataSource database, NpgsqlConnection connection, NpgsqlTransaction transaction) => (this.database, this.connection, this.transaction) = (database, connection, transaction);

    /// <summary>Does something, as the owner of a database or as somebody else, and leaves it open.</summary>
    public static async Task<Blocked> Behind(string connectionString, string statement, (string Name, string Password)? user = null)
    {
        var database = NpgsqlDataSource.Create(Postgres.AsOwner(connectionString));
        var address = new NpgsqlConnectionStringBuilder(Postgres.AsOwner(connectionString)) { Pooling = false };
        if (user is { } other) (address.Username, address.Password) = other;
        var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var block = new NpgsqlCommand(statement, connection, transaction);
        await block.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new(database, connection, transaction);
    }

    /// <summary>Returns when somebody waits for it; the process that should must not end before.</summary>
    public async Task UntilSomebodyWaits(Process waiting)
    {
        for (; !await SomebodyWaits(); await Task.Delay(Breath, TestContext.Current.CancellationToken)) Assert.False(waiting.HasExited);
    }

    /// <summary>Whether somebody waits for it.</summary>
    public async Task<bool> SomebodyWaits()
    {
        await using var waits = database.CreateCommand($"select exists (select from pg_stat_activity where {connection.ProcessID} = any(pg_blocking_pids(pid)))");
        return await waits.ExecuteScalarAsync(TestContext.Current.CancellationToken) is true;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
        await database.DisposeAsync();
    }
}
