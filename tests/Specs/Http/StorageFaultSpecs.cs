using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>A database that does not serve is told from one that refuses what it was asked: callers hear that they may come back, and all is well again by itself.</summary>
public sealed class StorageFaultSpecs(Postgres postgres)
{
    [Theory]
    [InlineData("database {0} set default_transaction_read_only = on", "database {0} reset default_transaction_read_only", 200)]
    [InlineData("database {0} allow_connections false", "database {0} allow_connections true", 503)]
    [InlineData("role {0} nologin", "role {0} login", 503)]
    public async Task It_is_told_and_gets_over_with(string broken, string mended, int reads)
    {
        var given = Postgres.AsOwner(await postgres.CreateDatabaseAsync("specs"));
        var own = new NpgsqlConnectionStringBuilder(given);
        var name = own.Username = own.Database!;
        own.Password = "secret";
        await using var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(given) { Database = "postgres" });
        await Run($"create role {name} login superuser password 'secret'");
        try
        {
            await using var monolith = await Monolith.Start(postgres, own.ConnectionString);
            await Answers(monolith, 201, 200);
            await Alter(broken);
            await Answers(monolith, 503, reads);
            await Alter(mended);
            await Answers(monolith, 201, 200);
        }
        finally
        {
            await Run($"drop role {name}");
        }

        // Who is connected already is not asked again.
        async Task Alter(string what)
        {
            await Run("alter " + what.Replace("{0}", name, StringComparison.Ordinal));
            await Run($"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        }

        async Task Run(string sql)
        {
            await using var command = server.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.QueryCanceled)]
    [InlineData(PostgresErrorCodes.TooManyConnections)]
    [InlineData(PostgresErrorCodes.DiskFull)]
    [InlineData(PostgresErrorCodes.InvalidPassword)]
    [InlineData(PostgresErrorCodes.InvalidCatalogName)]
    [InlineData(PostgresErrorCodes.LockNotAvailable)]
    [InlineData(PostgresErrorCodes.ReadOnlySqlTransaction)]
    [InlineData(PostgresErrorCodes.IoError)]
    [InlineData("25P03")]
    public void These_say_that_it_does_not_serve(string sqlState) => Assert.True(Is(sqlState));

    [Theory]
    [InlineData(PostgresErrorCodes.UniqueViolation)]
    [InlineData(PostgresErrorCodes.SerializationFailure)]
    [InlineData(PostgresErrorCodes.DeadlockDetected)]
    [InlineData(PostgresErrorCodes.UndefinedTable)]
    [InlineData(PostgresErrorCodes.InsufficientPrivilege)]
    [InlineData(PostgresErrorCodes.SyntaxError)]
    [InlineData(PostgresErrorCodes.InFailedSqlTransaction)]
    public void These_are_a_no(string sqlState) => Assert.False(Is(sqlState));

    static bool Is(string sqlState) => StorageFault.Is(new InvalidOperationException("", new PostgresException("", "ERROR", "ERROR", sqlState)));

    static async Task Answers(Monolith monolith, int writes, int reads)
    {
        Assert.Equal(writes, await Status("POST", "/v1/orders", """{"customerId":"c1"}"""));
        Assert.Equal(reads, await Status("GET", "/v1/orders"));
        Assert.Equal(reads, await Status("GET", $"/v1/orders?customerId=c1"));

        async Task<int> Status(string method, string path, string? body = null)
        {
            var answer = await monolith.Send(method, path, body);
            if (answer.Status == 503) Assert.Equal(("storage-unavailable", "5"), (answer.Code, answer.Header("Retry-After")));
            return answer.Status;
        }
    }
}
