using Npgsql;
using OrderMonolith.Specs;

[assembly: AssemblyFixture(typeof(Postgres))]

namespace OrderMonolith.Specs;

/// <summary>The PostgreSQL server that this run of the specs uses.</summary>
public sealed class Postgres : IAsyncLifetime
{
    readonly string server = Environment.GetEnvironmentVariable("ConnectionStrings__Orders") ?? "Host=127.0.0.1;Port=55432;Username=postgres;Database=postgres";

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => default;

    /// <summary>A new database of its own.</summary>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await using var admin = NpgsqlDataSource.Create(server);
        var database = $"{name}_{Guid.NewGuid():N}";
        await using var create = admin.CreateCommand($"create database \"{database}\"");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString;
    }
}
