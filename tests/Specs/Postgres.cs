using System.Security.Cryptography;
using DotNet.Testcontainers.Configurations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Specs;
using OrderMonolith.Storage;
using Testcontainers.PostgreSql;

[assembly: AssemblyFixture(typeof(Postgres))]

namespace OrderMonolith.Specs;

/// <summary>A real PostgreSQL for the run: the one that <c>ConnectionStrings__Orders</c> names, else a container where Docker answers, else a cluster of our own in a temporary folder.</summary>
public sealed class Postgres : IAsyncLifetime
{
    const string FolderPrefix = "ordermonolith-specs-";
    const string Application = "-c role=orders_app";

    readonly List<string> databases = [];
    readonly Lazy<Task<string>> template;
    PostgreSqlContainer? container;
    EmbeddedCluster? cluster;
    DataFolder? folder;
    string server = "";

    public Postgres() => template = new(CreateTemplateAsync);

    /// <summary>How the application reaches a database: as the role that a service has in production.</summary>
    public static string AsApplication(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Options = Application }.ConnectionString;

    /// <summary>How its owner reaches a database: to look at everything, and to damage it.</summary>
    public static string AsOwner(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Options = null }.ConnectionString;

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("ConnectionStrings__Orders") is { Length: > 0 } given)
        {
            server = given;
        }
        else if (TestcontainersSettings.OS?.DockerEndpointAuthConfig is not null)
        {
            container = new PostgreSqlBuilder("postgres:15").Build();
            await container.StartAsync();
            server = container.GetConnectionString();
        }
        else
        {
            await RemoveLeftoversAsync();
            folder = await DataFolder.AtAsync(Path.Combine(Path.GetTempPath(), FolderPrefix + RandomNumberGenerator.GetHexString(8, lowercase: true)));
            cluster = await EmbeddedCluster.JoinAsync(folder, PostgresSearch.Machine, NullLogger.Instance, CancellationToken.None);
            server = cluster.ConnectionString;
        }
    }

    /// <summary>Creates a database with the schema and the roles but no orders, dropped at the end of the run, and returns how the application reaches it.</summary>
    /// <param name="name">How its name begins: lower-case letters, digits and underscores.</param>
    public async Task<string> CreateDatabaseAsync(string name) => AsApplication(await CreateDatabaseAsync(name, await template.Value));

    /// <summary>Copies a database, whoever uses it, as a restore does, and returns how the application reaches the copy.</summary>
    public async Task<string> RestoreAsync(string connectionString)
    {
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        await ExecuteAsync($"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
        return AsApplication(await CreateDatabaseAsync("restored", name));
    }

    /// <summary>Runs a script of <c>db/</c> on a database as its owner.</summary>
    public static async Task RunScriptAsync(string connectionString, string script)
    {
        // Only as a whole, as one statement without parameters, is a script sent as it is. A pooled connection would keep the template in use.
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(AsOwner(connectionString)) { Pooling = false });
        await using var command = database.CreateCommand(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "db", script)));
        await command.ExecuteNonQueryAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (container is not null)
            await container.DisposeAsync();
        if (cluster is not null)
            await cluster.DisposeAsync();
        if (folder is not null)
            Remove(folder.Root);
        if (container is null && cluster is null)
            foreach (var database in databases)
                await ExecuteAsync($"drop database if exists {database} with (force)");
    }

    /// <summary>A database made as an operator makes it, once for all that are copied from it.</summary>
    async Task<string> CreateTemplateAsync()
    {
        var made = await CreateDatabaseAsync("specs_template", "template0");
        foreach (var script in (string[])["schema.sql", "roles.sql"]) await RunScriptAsync(made, script);
        return new NpgsqlConnectionStringBuilder(made).Database!;
    }

    async Task<string> CreateDatabaseAsync(string name, string from)
    {
        var database = $"{name}_{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        await ExecuteAsync($"create database {database} template {from}");
        lock (databases)
            databases.Add(database);
        return new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    static void Remove(string root)
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another run that starts removes what it finds left behind, and was faster.
        }
    }

    // What a killed run left behind: its locks are free, and it is not one that is just about to take them.
    static async Task RemoveLeftoversAsync()
    {
        foreach (var root in Directory.GetDirectories(Path.GetTempPath(), FolderPrefix + "*").Where(root => Directory.GetCreationTimeUtc(root) < DateTime.UtcNow.AddMinutes(-1)))
        {
            var left = await DataFolder.AtAsync(root);
            try
            {
                using var start = FileLock.TryExclusive(left.StartLock);
                using var users = FileLock.TryExclusive(left.UsersLock);
                if (start is null || users is null)
                    continue;
                await new PostgresServer(left, PostgresSearch.Machine, NullLogger.Instance).StopAsync();
                Directory.Delete(root, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException)
            {
                // Of another user, or just being removed by another run.
            }
        }
    }
}
