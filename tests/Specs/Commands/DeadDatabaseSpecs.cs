using Npgsql;
using OrderMonolith.Orders;
using OrderMonolith.Storage;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>The database may go away at any moment; then nobody is told what is not known, and nothing is done twice.</summary>
public sealed class DeadDatabaseSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);

    [Fact]
    public async Task Connections_that_died_meanwhile_concern_the_whole_batch_or_nobody()
    {
        var id = await batches.NewOrder();
        var tasks = await batches.Together(On(id, Tea), On(id, new Deciding(order =>
        {
            Aside("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()").GetAwaiter().GetResult();
            return Tea.Decide(order);
        })), On(id, Tea));
        await Task.WhenAll(tasks).ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        var applied = tasks.Count(task => task.IsCompletedSuccessfully);
        Assert.True(applied is 0 or 3);
        Assert.Equal(2 + applied, (await batches.Facts(id)).Count);
        await HealthyAgain(id);
    }

    [Fact]
    public async Task A_database_that_dies_in_the_middle_of_a_batch_leaves_nothing_and_nothing_is_run_again()
    {
        var (first, second) = (await batches.NewOrder(), await batches.NewOrder());
        await Dying("before insert", "deadly");
        var tasks = await batches.Together(On(first, Tea), On(second, new AddItem("deadly", 1, 1)), On(first, Tea), On(second, new RemoveItem("jam")));
        await ToldAlike(tasks);
        Assert.Equal(1, await Deaths());
        Assert.Equal((2, 2), ((await batches.Facts(first)).Count, (await batches.Facts(second)).Count));
        await HealthyAgain(first);
    }

    [Fact]
    public async Task A_database_that_dies_at_the_commit_leaves_everybody_unsure_and_nothing_is_run_again()
    {
        var id = await batches.NewOrder();
        await Dying("after insert", "deadlier", "constraint", "deferrable initially deferred");
        var tasks = await batches.Together(On(id, Tea), On(id, new AddItem("deadlier", 1, 1)), On(id, Tea));
        await ToldAlike(tasks);
        Assert.Equal(1, await Deaths());
        await HealthyAgain(id);
    }

    static async Task ToldAlike(IEnumerable<Task> tasks)
    {
        foreach (var task in tasks)
            Assert.True(StorageFault.Is(await Assert.ThrowsAnyAsync<Exception>(() => task)));
    }

    async Task HealthyAgain(Guid id)
    {
        var before = (await batches.Facts(id)).Count;
        Assert.Equal(before + 1, (await batches.Run(id, Tea)).Order?.Version);
    }

    /// <summary>Kills the connection that stores an item of this product, and counts how often, which no rollback undoes.</summary>
    Task Dying(string when, string productId, string kind = "", string deferred = "") =>
        Aside($$"""
            drop sequence if exists deaths;
            create sequence deaths;
            create or replace function die() returns trigger language plpgsql security definer as $$ begin
                perform nextval('deaths');
                perform pg_terminate_backend(pg_backend_pid());
                perform pg_sleep(1);
                return new;
            end $$;
            create {{kind}} trigger {{productId}} {{when}} on events.mt_events {{deferred}}
                for each row when (new.data->>'productId' = '{{productId}}') execute function die();
            """);

    /// <summary>On a connection that is not the service's.</summary>
    async Task Aside(string sql)
    {
        await using var source = NpgsqlDataSource.Create(one.Service.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    Task<long> Deaths() => one.Service.Query<long>("select last_value from deaths where is_called");
}
