using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>Which database the settings lead to, and where the embedded one lives.</summary>
public sealed class StorageSettings : IDisposable
{
    readonly TemporaryFolder temporary = new();

    [Fact]
    public async Task A_named_server_is_used_and_nothing_is_started()
    {
        await using var database = await Open("Host=orders.example;Database=orders");

        Assert.Equal("Host=orders.example;Database=orders", database.ConnectionString);
        Assert.False(database.IsEmbedded);
        Assert.Empty(Directory.GetFileSystemEntries(temporary.Path));
    }

    [Fact]
    public async Task A_connection_string_that_is_none_is_refused_by_its_key()
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(() => Open("Hots=orders.example"));

        Assert.Contains("ConnectionStrings:Orders", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_one_the_cluster_is_in_the_data_folder()
    {
        await using var database = await Open(connectionString: "");

        Assert.True(database.IsEmbedded);
        Assert.Contains("Host=127.0.0.1", database.ConnectionString, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(temporary.Path, ".data", "cluster")));
    }

    [Fact]
    public async Task The_data_folder_is_named_from_the_content_root() =>
        Assert.Equal(Path.Combine(temporary.Path, "elsewhere"), (await DataFolder.LocateAsync("elsewhere", temporary.Path)).Root);

    [Fact]
    public async Task Where_the_servers_account_cannot_enter_root_keeps_the_data_elsewhere_always_in_one_place()
    {
        Assert.SkipUnless(ServerAccount.IsRoot, "Only root has another account run the server.");
        using var closed = new TemporaryFolder();
        closed.Close();

        var here = await DataFolder.LocateAsync(configured: null, closed.Path);

        Assert.StartsWith("/var/lib/ordermonolith/", here.Root, StringComparison.Ordinal);
        Assert.Equal(here, await DataFolder.LocateAsync(configured: null, closed.Path + "/"));
        Assert.NotEqual(here, await DataFolder.LocateAsync(configured: null, temporary.Path));
    }

    [Fact]
    public async Task A_named_folder_that_the_servers_account_cannot_enter_is_refused()
    {
        Assert.SkipUnless(ServerAccount.IsRoot, "Only root has another account run the server.");
        temporary.Close();
        var folder = await DataFolder.LocateAsync("data", temporary.Path);

        var refusal = await Assert.ThrowsAsync<StorageException>(folder.PrepareAsync);

        Assert.Contains(folder.Root, refusal.Message, StringComparison.Ordinal);
    }

    /// <inheritdoc />
    public void Dispose() => temporary.Dispose();

    Task<Database> Open(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = temporary.Path });
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:Orders", connectionString)]);
        return Database.OpenAsync(builder.Configuration, builder.Environment, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
