using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Specs;

/// <summary>What the embedded cluster promises to the processes that share it.</summary>
public sealed class StorageCluster : IDisposable
{
    readonly TemporaryFolder temporary = new();

    [Fact]
    public async Task A_new_cluster_is_private_and_durable()
    {
        await using var cluster = await Join();

        Assert.Equal("127.0.0.1", await Ask(cluster, "select current_setting('listen_addresses')"));
        Assert.Equal("", await Ask(cluster, "select current_setting('unix_socket_directories')"));
        Assert.Equal("on on on on", await Ask(cluster, "select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'), current_setting('data_checksums'))"));
        Assert.Equal("UTF8 C", await Ask(cluster, "select concat_ws(' ', pg_encoding_to_char(encoding), datcollate) from pg_database where datname = 'orders'"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode((await Folder()).PasswordFile));

        var guess = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Password = "guess" };
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => Ask(guess.ConnectionString, "select ''"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public async Task What_was_stored_is_there_at_the_next_start()
    {
        await using (var first = await Join())
            await Ask(first, "create table kept as select 'tea' as name; select ''");
        Assert.Null((await Folder()).ProcessId);

        await using var second = await Join();

        Assert.Equal("tea", await Ask(second, "select name from kept"));
    }

    [Fact]
    public async Task The_last_to_leave_stops_the_server()
    {
        var first = await Join();
        var server = (await Folder()).ProcessId;
        var second = await Join();

        await first.DisposeAsync();
        Assert.Equal(server, (await Folder()).ProcessId);
        Assert.Equal("here", await Ask(second, "select 'here'"));

        await second.DisposeAsync();
        Assert.Null((await Folder()).ProcessId);
    }

    [Fact]
    public async Task Those_who_come_at_once_share_one_server()
    {
        var users = await Task.WhenAll(Join(), Join(), Join());

        Assert.Single(users.Select(user => user.ConnectionString).Distinct());
        Assert.Equal("here", await Ask(users[0], "select 'here'"));
        await Task.WhenAll(users.Select(user => user.DisposeAsync().AsTask()));
        Assert.Null((await Folder()).ProcessId);
    }

    [Fact]
    public async Task One_who_comes_while_the_last_leaves_finds_a_server()
    {
        var first = await Join();

        var leaving = first.DisposeAsync().AsTask();
        await using var second = await Join();
        await leaving;

        Assert.Equal("here", await Ask(second, "select 'here'"));
    }

    [Fact]
    public async Task A_killed_server_comes_back_in_its_place_with_every_acknowledged_write()
    {
        await using var first = await Join();
        await Ask(first, "create table kept as select 'tea' as name; select ''");
        using (var server = Process.GetProcessById((await Folder()).ProcessId!.Value))
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await using var second = await Join();

        Assert.Equal("tea", await Ask(second, "select name from kept"));
        Assert.Equal("tea", await Ask(first, "select name from kept"));
    }

    [Fact]
    public async Task What_goes_wrong_at_one_glance_does_not_end_the_watch()
    {
        using var log = new OnSocket.Log();
        await using var cluster = await EmbeddedCluster.JoinAsync(await Folder(), PostgresSearch.Machine, log, TestContext.Current.CancellationToken);
        using (new FileStream((await Folder()).ProcessFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) await log.Says("did not come back, trying again");

        using (var server = Process.GetProcessById((await Folder()).ProcessId!.Value)) server.Kill();
        await log.Says("is gone: bringing it back");
        using (await FileLock.ExclusiveAsync((await Folder()).StartLock, TestContext.Current.CancellationToken)) { }
        Assert.Equal("here", await Ask(cluster, "select 'here'"));
    }

    [Fact]
    public async Task A_dead_servers_number_given_to_another_program_does_not_hold_it_down()
    {
        await (await Join()).DisposeAsync();
        var folder = await Folder();
        await File.WriteAllTextAsync(folder.ProcessFile, $"{Environment.ProcessId}\n{folder.Cluster}\n", TestContext.Current.CancellationToken);

        await using var cluster = await Join();

        Assert.Equal("here", await Ask(cluster, "select 'here'"));
    }

    [Fact]
    public async Task Nor_does_one_given_to_another_server()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere two servers are told apart by hand.");
        using var elsewhere = new TemporaryFolder();
        await using var other = await Join(await DataFolder.AtAsync(elsewhere.Path));
        var another = (await DataFolder.AtAsync(elsewhere.Path)).ProcessId;
        await (await Join()).DisposeAsync();
        var folder = await Folder();
        await File.WriteAllTextAsync(folder.ProcessFile, $"{another}\n{folder.Cluster}\n", TestContext.Current.CancellationToken);

        await using var cluster = await Join();

        Assert.Equal("here", await Ask(cluster, "select 'here'"));
        Assert.Equal("here", await Ask(other, "select 'here'"));
    }

    [Fact]
    public async Task A_port_taken_meanwhile_is_left_to_its_taker()
    {
        await (await Join()).DisposeAsync();
        using var stranger = new TcpListener(IPAddress.Loopback, (await Folder()).Port);
        stranger.Start();

        await using var cluster = await Join();

        Assert.NotEqual(((IPEndPoint)stranger.LocalEndpoint).Port, (await Folder()).Port);
        Assert.Equal("here", await Ask(cluster, "select 'here'"));
    }

    [Fact]
    public async Task A_half_made_cluster_is_made_anew()
    {
        Directory.CreateDirectory(Path.Combine((await Folder()).Cluster + ".new", "base"));

        await using var cluster = await Join();

        Assert.Equal("here", await Ask(cluster, "select 'here'"));
    }

    [Fact]
    public async Task A_folder_with_something_else_in_it_is_refused_and_left_alone()
    {
        var strange = Directory.CreateDirectory(Path.Combine(temporary.Path, "cluster", "letters"));

        var refusal = await Assert.ThrowsAsync<StorageException>(Join);

        Assert.Contains("holds no PostgreSQL data that this user can read", refusal.Message, StringComparison.Ordinal);
        Assert.True(strange.Exists);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_refused_by_name()
    {
        var file = Path.Combine(temporary.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var folder = await DataFolder.AtAsync(Path.Combine(file, "data"));

        var refusal = await Assert.ThrowsAsync<StorageException>(() => Join(folder));

        Assert.Contains($"The data folder {folder.Root} cannot be used", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_process_at_a_time_starts_or_stops_the_server()
    {
        var held = FileLock.TryExclusive((await Folder()).StartLock);
        var waiting = Join();
        Assert.Null((await Folder()).ProcessId);
        Assert.False(waiting.IsCompleted);

        held!.Dispose();

        await using var cluster = await waiting;
        Assert.NotNull((await Folder()).ProcessId);
    }

    /// <inheritdoc />
    public void Dispose() => temporary.Dispose();

    Task<DataFolder> Folder() => DataFolder.AtAsync(temporary.Path);

    async Task<EmbeddedCluster> Join() => await Join(await Folder());

    static Task<EmbeddedCluster> Join(DataFolder folder) =>
        EmbeddedCluster.JoinAsync(folder, PostgresSearch.Machine, NullLogger.Instance, TestContext.Current.CancellationToken);

    static Task<string> Ask(EmbeddedCluster cluster, string sql) => Ask(cluster.ConnectionString, sql);

    static async Task<string> Ask(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
