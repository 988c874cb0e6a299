using System.Collections.Concurrent;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using OrderMonolith.Commands;

namespace OrderMonolith.Specs;

/// <summary>Old keys are forgotten however many there are, and beside all else.</summary>
public sealed class KeyRetentionSpecs(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith monolith = one.Service;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_long_stop_left_is_forgotten_slice_by_slice()
    {
        await Remember(2 * KeyRetention.Slice + 1);
        await ActivatorUtilities.CreateInstance<KeyRetention>(monolith.Services).Purge(Cancellation);
        Assert.Equal(0L, await monolith.Query<long>("select count(*) from views.mt_doc_command_outcome where id like 'old %'"));
    }

    [Fact]
    public async Task It_begins_soon_after_the_start_and_a_stop_in_the_middle_is_no_failure()
    {
        await Remember(1);
        await using var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(monolith.ConnectionString) { Pooling = false }.ConnectionString);
        await holder.OpenAsync(Cancellation);
        await using var hold = new NpgsqlCommand("begin; select from views.mt_doc_command_outcome where id = 'old 1' for update", holder);
        await hold.ExecuteNonQueryAsync(Cancellation);

        var (log, clock) = (new Said(), new Soon());
        using var retention = new KeyRetention(monolith.Services.GetRequiredService<IDocumentStore>(), new IdempotencySettings(), clock, log);
        await retention.StartAsync(Cancellation);
        while (await monolith.Query<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%command_outcome%'") == 0)
            await Task.Delay(20, Cancellation);
        await retention.StopAsync(Cancellation);

        Assert.Empty(log.Lines);
        Assert.False(retention.ExecuteTask!.IsFaulted);
        Assert.InRange(clock.First, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    async Task Remember(int many) => await monolith.Query<long>($$"""
        with old as (insert into views.mt_doc_command_outcome (id, data, at) select 'old ' || n, '{}', now() - interval '2 days' from generate_series(1, {{many}}) n
        on conflict do nothing returning 1) select count(*) from old
        """);

    /// <summary>A clock by which the first wait is over at once.</summary>
    sealed class Soon : TimeProvider
    {
        public TimeSpan First { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            First = dueTime;
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    sealed class Said : ILogger<KeyRetention>
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
