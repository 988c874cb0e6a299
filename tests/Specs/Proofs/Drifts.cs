using System.Diagnostics.Metrics;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>Whatever makes a view wrong is found, named, and can be made good: nothing is left out silently.</summary>
public sealed class Drifts(Postgres postgres)
{
    const string Poison = "poison";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_that_was_edited_by_hand_is_found_named_counted_and_repaired()
    {
        await using var node = await Start("Inline");
        using var counted = new Counted();
        var order = await Create(node, "tea");
        await Create(node, "tea");
        await Look(node);
        Assert.Equal("Healthy", await Health(node));

        await node.Query<object>($"update views.mt_doc_order_summary set status = 'Confirmed' where id = '{order}' returning 1");
        await Look(node);
        Assert.Equal($"order_summaries {order} column status is \"Confirmed\", should be \"Pending\"", await Found(node));
        Assert.Equal("1 orders differ in order_summaries: see the log, or run 'verify'.", await Health(node));
        Assert.Equal(1, counted.Of(node));
        await Look(node);
        Assert.Equal(1, counted.Of(node));

        var repaired = await BuiltProgram.Run(node.ConnectionString, "verify", "--repair");
        Assert.True(repaired.Code is 0, repaired.Out + repaired.Error);
        Assert.Contains("1 repaired, 0 still wrong", repaired.Out, StringComparison.Ordinal);
        await Look(node);
        Assert.Equal("Healthy", await Health(node));
        Assert.Equal("", await Found(node));
    }

    [Fact]
    public async Task Rows_that_are_gone_and_rows_that_should_not_be_are_repaired()
    {
        await using var node = await Start("Inline");
        var gone = await Create(node, "tea");
        var other = Guid.NewGuid();
        await node.Query<object>($"insert into views.mt_doc_order_summary select '{other}', data, mt_version, customer_id, status, currency, total_amount, created_at, last_updated from views.mt_doc_order_summary returning 1");
        await node.Query<object>($"delete from views.mt_doc_order_summary where id = '{gone}' returning 1");
        await node.Query<object>($"delete from views.mt_doc_order where id = '{gone}' returning 1");
        var store = node.Services.GetRequiredService<IDocumentStore>();
        var wrong = new List<Difference>();
        await new Verification(store, Cancellation).OfAll(wrong.Add, new Seen(_ => { }));
        Assert.Equal(3, wrong.Count);
        Assert.Empty(await new Repair(store, TimeProvider.System, Cancellation).Of(wrong));
        Assert.Equal(1, await node.Query<long>("select count(*) from views.mt_doc_order_summary"));
        Assert.Equal(200, (await node.Send("POST", $"/v1/orders/{gone}/confirm")).Status);
    }

    [Fact]
    public async Task An_order_that_lost_its_history_is_not_changed_and_not_mended_away()
    {
        await using var node = await Start("Inline");
        var lost = await Create(node, "tea");
        await node.CaughtUp();
        await node.Query<object>($"with gone as (delete from events.mt_events where stream_id = '{lost}' returning 1) delete from events.mt_streams where id = '{lost}' returning 1");
        const string Rows = "select concat_ws(' ', (select data from views.mt_doc_order), (select data from views.mt_doc_order_summary), (select data from views.mt_doc_sale))";
        var before = await node.Query<string>(Rows);
        foreach (var only in new[] { "", "?dryRun=true" }) Assert.Equal("concurrent-change", (await node.Send("POST", $"/v1/orders/{lost}/cancel{only}")).Code);
        Assert.Equal(0, await node.Query<long>("select count(*) from events.mt_streams where type = 'order'"));
        var repaired = await BuiltProgram.Run(node.ConnectionString, "verify", "--repair");
        Assert.Equal(1, repaired.Code);
        Assert.Contains("0 repaired, 4 still wrong", repaired.Out, StringComparison.Ordinal);
        Assert.Equal(before, await node.Query<string>(Rows));
    }

    [Fact]
    public async Task A_history_that_begins_in_its_middle_is_found()
    {
        await using var node = await Start("Inline");
        var order = await Create(node, "tea");
        await node.Query<object>($"update events.mt_events set type = 'order_confirmed', data = '{"{}"}' where stream_id = '{order}' and version = 1 returning 1");
        await Look(node);
        Assert.Contains($"events {order} they do not begin with the order's creation", await Found(node), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_that_a_view_lost_is_not_said_to_be_unknown()
    {
        await using var node = await Start("Inline");
        var lost = await Create(node, "tea");
        await node.Query<object>($"delete from views.mt_doc_order_summary where id = '{lost}' returning 1");
        await node.Query<object>($"delete from views.mt_doc_order where id = '{lost}' returning 1");
        foreach (var path in new[] { $"/v1/orders/{lost}", $"/v1/orders/{lost}/summary" })
        {
            Assert.Equal((503, "projection-behind"), ((await node.Send("GET", path)) is var answer ? (answer.Status, answer.Code) : default));
            Assert.Equal("order-not-found", (await node.Send("GET", path.Replace($"{lost}", $"{Guid.NewGuid()}", StringComparison.Ordinal))).Code);
        }

        Assert.Equal((503, "projection-behind"), (await node.Send("POST", $"/v1/orders/{lost}/confirm")) is var refused ? (refused.Status, refused.Code) : default);
    }

    [Fact]
    public async Task An_event_that_a_late_commit_hid_from_a_view_is_found()
    {
        await using var node = await Start("Async");
        var order = await Create(node, "tea");
        await node.CaughtUp();

        // The view was told to stand behind an event that only now becomes visible.
        await node.Query<object>("update events.mt_event_progression set last_seq_id = last_seq_id + 1 where name like 'order_summaries%' or name = 'HighWaterMark' returning 1");
        await using (var owner = NpgsqlDataSource.Create(node.ConnectionString))
        await using (var late = owner.CreateCommand($$"""
            insert into events.mt_events (seq_id, id, stream_id, version, data, type, timestamp, user_name, causation_id, correlation_id)
            select nextval('events.mt_events_sequence'), gen_random_uuid(), '{{order}}', 3, '{}', 'order_confirmed', max(timestamp), 'spec', 'spec', 'spec' from events.mt_events where stream_id = '{{order}}';
            update events.mt_streams set version = 3 where id = '{{order}}';
            """)) await late.ExecuteNonQueryAsync(Cancellation);
        await Look(node);
        var found = await Found(node);
        Assert.Contains($"order_summaries {order} ", found, StringComparison.Ordinal);
        Assert.Contains("version is 2, should be 3", found, StringComparison.Ordinal);
        Assert.Equal(0, (await BuiltProgram.Run(node.ConnectionString, "Async", ["verify", "--repair"])).Code);
        await Look(node);
        Assert.Equal("", await Found(node));
    }

    [Fact]
    public async Task Events_that_do_not_follow_each_other_are_found_and_are_beyond_repair()
    {
        await using var node = await Start("Inline");
        var order = await Create(node, "tea");
        await Create(node, "tea");
        await node.Query<object>($"update events.mt_events set version = 4 where stream_id = '{order}' and version = 2 returning 1");
        await Look(node);
        Assert.Contains($"events {order} the stream says 2 events, but there are 2, the last of them 4", await Found(node), StringComparison.Ordinal);
        var rows = await node.Query<string>("select string_agg(data::text, ',' order by id) from views.mt_doc_order");
        Assert.Equal(1, (await BuiltProgram.Run(node.ConnectionString, "verify", "--repair")).Code);
        Assert.Equal(rows, await node.Query<string>("select string_agg(data::text, ',' order by id) from views.mt_doc_order"));
    }

    [Fact]
    public async Task A_view_that_cannot_take_an_event_stops_names_it_and_goes_on_only_when_told_to()
    {
        var database = await postgres.CreateDatabaseAsync("drift");
        await using var node = await Monolith.Start(postgres, database, Choosy, ("OrderSummaries:Lifecycle", "Async"), ("DriftWatch:Interval", "00:00:00"));
        await Create(node, "tea");
        await node.CaughtUp();
        var poisoned = await Create(node, Poison);
        var later = await Create(node, "tea");
        var sequence = await node.Query<long>($"select seq_id from events.mt_events where stream_id = '{poisoned}' and version = 2");
        await Look(node);
        await Eventually.That(async () => (await node.Send("GET", "/v1/orders")).Code is "projection-behind");
        Assert.Equal($"order_summaries {poisoned} the view stops: event 2 (sequence {sequence}) cannot be folded: No poison.", await Found(node));
        Assert.Equal($"order_summaries has stopped before event {sequence}: see the log, or run 'verify'.", await Health(node));

        var view = StoredView.Of(node.Services.GetRequiredService<IDocumentStore>()).Single(view => view.Name is "order_summaries");
        Task Skip(long which) => SkippedEvent.Record(node.Services.GetRequiredService<IDocumentStore>(), view, which, "a test product", "spec", DateTimeOffset.UtcNow, Cancellation);
        foreach (var other in new[] { 1, sequence + 1, 10_000 })
            Assert.Contains($"has stopped before the event {sequence}: only that can be left out", (await Assert.ThrowsAsync<SetupException>(() => Skip(other))).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await BuiltProgram.Run(node.ConnectionString, "projections", "skip", "-p", "sales", "--sequence", $"{sequence}", "--reason", "none")).Code);
        var listed = (await node.Send("GET", "/v1/ops/projections/order_summaries")).Content;
        Assert.Equal("Stopped", listed.GetProperty("state").GetString());
        Assert.Contains("No poison.", listed.GetProperty("why").GetString(), StringComparison.Ordinal);
        var told = new List<Difference>();
        await new Verification(node.Services.GetRequiredService<IDocumentStore>(), Cancellation).OfAll(told.Add, new Seen(_ => { }));
        Assert.StartsWith("the view stops: event 2 ", Assert.Single(told).How, StringComparison.Ordinal);
        Assert.Equal(told, await new Repair(node.Services.GetRequiredService<IDocumentStore>(), TimeProvider.System, Cancellation).Of(told));

        await Skip(sequence);
        await Skip(sequence);
        await Eventually.That(async () => (await node.Send("GET", $"/v1/orders/{later}/summary")).Status is 200);
        var summary = (await node.Send("GET", $"/v1/orders/{poisoned}/summary")).Content;
        Assert.Equal((2, 0), (summary.GetProperty("version").GetInt32(), summary.GetProperty("itemCount").GetInt32()));
        await Look(node);
        await Look(node);
        Assert.Equal("", await Found(node));
        Assert.Equal("a test product", await node.Query<string>("select data ->> 'reason' from views.mt_doc_skipped_event"));
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_named_and_hides_nothing_else()
    {
        await using var node = await Start("Inline");
        var unknown = await Create(node, "tea");
        var edited = await Create(node, "tea");
        await node.CaughtUp();
        await node.Query<object>($"update events.mt_events set type = 'of_tomorrow' where stream_id = '{unknown}' and version = 2 returning 1");
        await node.Query<object>($"update views.mt_doc_order_summary set status = 'Lost' where id = '{edited}' returning 1");
        await Look(node);
        var sequence = await node.Query<long>($"select seq_id from events.mt_events where stream_id = '{unknown}' and version = 2");
        var found = await Found(node);
        foreach (var view in new[] { "orders", "order_summaries", "sales", "work_list" })
            Assert.Contains($"{view} {unknown} event 2 (sequence {sequence}) cannot be read: ", found, StringComparison.Ordinal);
        Assert.Contains($"order_summaries {edited} column status is \"Lost\"", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_view_that_is_wrong_all_over_no_more_than_a_thousand_rows_are_kept()
    {
        await using var node = await Start("Inline");
        var order = await Create(node, "tea");
        await node.Query<object>("insert into views.mt_doc_drift (id, data) select 'order_summaries/' || n, jsonb_build_object('id', 'order_summaries/' || n, 'view', 'order_summaries', 'orderId', gen_random_uuid(), 'how', 'is missing', 'foundAt', now()) from generate_series(1, 1000) n returning 1");
        Assert.Equal("1000 or more orders differ in order_summaries: see the log, or run 'verify'.", await Health(node));
        await node.Query<object>($"delete from views.mt_doc_order_summary where id = '{order}' returning 1");
        await Look(node);
        Assert.DoesNotContain($"{order}", await Found(node), StringComparison.Ordinal);
        await Look(node);
        Assert.Contains($"order_summaries {order} is missing", await Found(node), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_watch_looks_by_itself()
    {
        await using var node = await Monolith.Start(postgres, null, ("DriftWatch:Interval", "00:00:00.2"));
        var order = await Create(node, "tea");
        await node.Query<object>($"delete from views.mt_doc_order_summary where id = '{order}' returning 1");
        await Eventually.That(async () => await Found(node) == $"order_summaries {order} is missing");
        Assert.Equal("1 orders differ in order_summaries: see the log, or run 'verify'.", await Health(node));
    }

    Task<Monolith> Start(string lifecycle) => Monolith.Start(postgres, null, ("OrderSummaries:Lifecycle", lifecycle), ("DriftWatch:Interval", "00:00:00"));

    static Task Look(Monolith node) => node.Services.GetRequiredService<DriftWatch>().Look(Cancellation);

    static async Task<Guid> Create(Monolith node, string product) =>
        (await node.Send("POST", "/v1/orders", new { customerId = "ada", items = new[] { new { productId = product, quantity = 2, unitPrice = 9.5m } } })).Content.GetProperty("id").GetGuid();

    static Task<string> Found(Monolith node) => node.Query<string>("select coalesce(string_agg(concat_ws(' ', data ->> 'view', data ->> 'orderId', data ->> 'how'), ', ' order by id), '') from views.mt_doc_drift");

    static async Task<string?> Health(Monolith node)
    {
        var drift = (await node.Send("GET", "/health/ready")).Content.GetProperty("checks").GetProperty("drift");
        return drift.TryGetProperty("description", out var description) ? description.GetString() : drift.GetProperty("status").GetString();
    }

    static void Choosy(StoreOptions store)
    {
        var right = store.Projections.All.Single(view => view.Name is "order_summaries");
        store.Projections.Add(new ChoosySummaries(), right.Lifecycle);
        store.Projections.All.Remove(right);
    }

    /// <summary>What the meters of nodes counted.</summary>
    sealed class Counted : IDisposable
    {
        readonly MeterListener listener = new();
        readonly Dictionary<object, long> counts = [];

        public Counted()
        {
            listener.InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name is "orders.drift.found") listening.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counts[instrument.Meter.Scope!] = counts.GetValueOrDefault(instrument.Meter.Scope!) + value);
            listener.Start();
        }

        public long Of(Monolith node) => counts.GetValueOrDefault(node.Services.GetRequiredService<IMeterFactory>());

        public void Dispose() => listener.Dispose();
    }
}

/// <summary>Summaries that do not take everything.</summary>
public sealed partial class ChoosySummaries() : OrderView<OrderSummary>("order_summaries", 1)
{
    protected override OrderSummary First(Guid id, DateTimeOffset at) => new() { OrderId = id, CreatedAt = at };

    protected override OrderSummary At(OrderSummary row, long version, DateTimeOffset at) => row with { Version = version, LastUpdated = at };

    protected override OrderSummary After(OrderSummary row, OrderEvent fact, DateTimeOffset at) => fact switch
    {
        OrderCreated e => row with { CustomerId = e.CustomerId, Currency = e.Currency },
        ItemAdded { ProductId: "poison" } => throw new InvalidOperationException("No poison."),
        _ => row,
    };
}
