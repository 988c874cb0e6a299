using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Alba;
using JasperFx.CommandLine;
using Marten;
using Marten.Events;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>The whole service in this process, on a database of its own, under the application role.</summary>
public sealed class Monolith : IAsyncDisposable
{
    readonly IAlbaHost host;
    readonly NpgsqlDataSource owner;

    // Specs end connections as they like, so none is kept.
    Monolith(IAlbaHost host, string connectionString) =>
        (this.host, ConnectionString, owner) = (host, connectionString, NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }));

    /// <summary>How the owner of its database reaches it.</summary>
    public string ConnectionString { get; }

    /// <summary>What the service is made of.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>Starts the service on a new database, or on one that is there already.</summary>
    public static Task<Monolith> Start(Postgres postgres, string? connectionString = null, params (string Key, string Value)[] settings) => Start(postgres, connectionString, null, settings);

    /// <summary>Starts the service with another topology.</summary>
    public static Task<Monolith> Start(Postgres postgres, string? connectionString, Action<StoreOptions>? topology, params (string Key, string Value)[] settings) =>
        StartWith(postgres, connectionString, services => { if (topology is not null) services.ConfigureMarten(topology); }, settings);

    /// <summary>Starts the service with more parts than it has.</summary>
    public static async Task<Monolith> StartWith(Postgres postgres, string? connectionString, Action<IServiceCollection> parts, params (string Key, string Value)[] settings)
    {
        JasperFxEnvironment.AutoStartHost = true;
        connectionString ??= await postgres.CreateDatabaseAsync("specs");
        var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:Orders", Postgres.AsApplication(connectionString));
            foreach (var (key, value) in settings) web.UseSetting(key, value);
            web.ConfigureServices(parts);
        });
        return new(host, Postgres.AsOwner(connectionString));
    }

    /// <summary>Sends a request and holds it and its answer against the API's description; <paramref name="body"/> is JSON text as it is, or an object to serialise.</summary>
    public async Task<Answer> Send(string method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var client = host.Server.CreateClient();
        using var request = new HttpRequestMessage(new(method), path);
        var content = body as string ?? (body is null ? null : JsonSerializer.Serialize(body, Json.Stored));
        if (content is not null) request.Content = new StringContent(content, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = new Answer((int)response.StatusCode, response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        ApiDocument.Check(method, path, content, answer);
        return answer;
    }

    /// <summary>Returns when all views hold all events.</summary>
    public Task CaughtUp() => Services.GetRequiredService<IDocumentStore>().WaitForNonStaleProjectionDataAsync(Eventually.Never);

    /// <summary>Asks the database itself, as its owner.</summary>
    public async Task<T> Query<T>(string sql)
    {
        await using var command = owner.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await owner.DisposeAsync();
    }
}

/// <summary>An HTTP answer, read whole.</summary>
public sealed record Answer(int Status, HttpResponseMessage Response, string Body)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Content => JsonElement.Parse(Body);

    /// <summary>The code of the problem that this is, if it is one.</summary>
    public string? Code => Response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? Content.GetProperty("code").GetString() : null;

    /// <summary>A header, if it is there.</summary>
    public string? Header(string name) =>
        Response.Headers.TryGetValues(name, out var values) || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
