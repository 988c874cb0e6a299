using JasperFx.Events.Projections;
using Marten;
using OrderMonolith.Commands;
using OrderMonolith.Import;
using OrderMonolith.Orders;
using OrderMonolith.Proofs;
using OrderMonolith.Views;

namespace OrderMonolith.Specs;

/// <summary>What a verification finds, and what it does not.</summary>
public sealed class VerifyViews(Postgres postgres)
{
    static readonly Guid First = new Invoice("1").OrderId;

    [Fact]
    public async Task Views_that_say_what_the_events_say_are_fine()
    {
        await using var shop = await Filled();
        var (summary, found) = await Verify(shop.Store);
        Assert.Empty(found);
        Assert.Equal((1_200, 3_600, 0), (summary.Orders, summary.Events, summary.Differences));
    }

    [Theory]
    [InlineData("update views.mt_doc_order set data = jsonb_set(data, '{totalAmount}', '1') where id = '{0}'", "orders totalAmount is 1, should be 15.3")]
    [InlineData("update views.mt_doc_order set data = jsonb_set(data, '{totalAmount}', '15.30') where id = '{0}'", "orders totalAmount is 15.30, should be 15.3")]
    [InlineData("update views.mt_doc_order set data = data - 'status' || '{{\"more\": 1}}' where id = '{0}'", "orders more is 1, should be absent; status is absent, should be \"Confirmed\"")]
    [InlineData("update views.mt_doc_order set data = '[]' where id = '{0}'", "orders document is [], should be absent; ")]
    [InlineData("update views.mt_doc_order_summary set data = jsonb_set(data, '{version}', '2') where id = '{0}'", "order_summaries version is 2, should be 3")]
    [InlineData("update views.mt_doc_order_summary set customer_id = 'other' where id = '{0}'", "order_summaries column customer_id is \"other\", should be \"c1\"")]
    [InlineData("update views.mt_doc_order_summary set status = 'Pending' where id = '{0}'", "order_summaries column status is \"Pending\", should be \"Confirmed\"")]
    [InlineData("update views.mt_doc_order_summary set currency = 'EUR' where id = '{0}'", "order_summaries column currency is \"EUR\", should be \"GBP\"")]
    [InlineData("update views.mt_doc_order_summary set total_amount = 1 where id = '{0}'", "order_summaries column total_amount is 1, should be 15.3")]
    [InlineData("update views.mt_doc_order_summary set created_at = created_at - interval '1 s' where id = '{0}'", "order_summaries column created_at is ")]
    [InlineData("update views.mt_doc_order_summary set last_updated = last_updated - interval '1 s' where id = '{0}'", "order_summaries column last_updated is ")]
    [InlineData("update views.mt_doc_order set customer_id = 'other' where id = '{0}'", "orders column customer_id is \"other\", should be \"c1\"")]
    [InlineData("update views.mt_doc_order set mt_version = 2 where id = '{0}'", "orders column mt_version is 2, should be 3")]
    [InlineData("delete from views.mt_doc_order_summary where id = '{0}'", "order_summaries is missing")]
    [InlineData("delete from events.mt_events where stream_id = '{0}' and version = 1", "events the stream says 3 events, but there are 2, the last of them 3|order_summaries event 2 (sequence |orders |sales the view stops: event 2 |work_list the view stops: event 2 ")]
    [InlineData("delete from events.mt_events where stream_id = '{0}'; delete from events.mt_streams where id = '{0}'", "order_summaries has no events|orders has no events")]
    [InlineData("update events.mt_events set data = jsonb_set(data, '{quantity}', '7') where stream_id = '{0}' and version = 2", "order_summaries products is {|orders lines is [")]
    public async Task Each_order_that_differs_is_named_with_how(string tampering, string expected)
    {
        await using var shop = await LegacyShop.Open(postgres);
        await Place(shop.Store, 1, 3);
        await shop.Query(tampering.Replace("{0}", First.ToString(), StringComparison.Ordinal).Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal));
        var (summary, found) = await Verify(shop.Store);

        Assert.Equal(found.Count, summary.Differences);
        Assert.All(found, difference => Assert.Equal(First, difference.OrderId));
        Assert.All(
            expected.Split('|').Zip(found.OrderBy(d => d.View, StringComparer.Ordinal).Select(d => $"{d.View} {d.How}"), (start, said) => (start, said)),
            pair => Assert.StartsWith(pair.start, pair.said, StringComparison.Ordinal));
        Assert.Equal(expected.Split('|').Length, found.Count);
    }

    [Fact]
    public async Task A_view_that_follows_from_behind_is_held_to_what_it_has_seen()
    {
        await using var shop = await LegacyShop.Open(postgres);
        using var store = LegacyShop.StoreOn(shop.Database, ProjectionLifecycle.Async);
        await Place(store, 1, 3);
        var (early, none) = await Verify(store);
        Assert.Empty(none);
        Assert.Equal(9, early.EventsBehind["order_summaries"]);

        using var daemon = await store.BuildProjectionDaemonAsync();
        await daemon.RebuildProjectionAsync("order_summaries", TestContext.Current.CancellationToken);
        await Place(store, 4, 5);
        var (behind, stillNone) = await Verify(store);
        Assert.Empty(stillNone);
        Assert.Equal(6, behind.EventsBehind["order_summaries"]);

        await shop.Query($"delete from views.mt_doc_order_summary where id = '{First}'");
        var (_, found) = await Verify(store);
        Assert.Equal([new("order_summaries", First, "is missing")], found);
    }

    [Fact]
    public async Task A_view_that_was_kept_inline_before_may_be_ahead_of_its_position()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await Place(shop.Store, 1, 3);
        using var store = LegacyShop.StoreOn(shop.Database, ProjectionLifecycle.Async);
        Assert.Empty((await Verify(store)).Found);
    }

    [Fact]
    public async Task Orders_that_change_meanwhile_raise_no_alarm()
    {
        await using var shop = await Filled();
        using var done = new CancellationTokenSource();
        var traffic = Traffic(shop.Store, done.Token);
        for (var round = 0; round < 10; round++) Assert.Empty((await Verify(shop.Store)).Found);
        await done.CancelAsync();
        await traffic;
    }

    static async Task Traffic(DocumentStore store, CancellationToken stop)
    {
        for (var n = 10_000; !stop.IsCancellationRequested; n++)
        {
            await Place(store, n, n);
            await using var session = store.LightweightSession();
            var open = await OpenOrder.Fetch(session, [new Invoice($"{1 + n % 1_200}").OrderId]);
            open.Values.Single().Append(new OrderCancelled("traffic"), new MicrosecondClock(TimeProvider.System).GetUtcNow(), new("anonymous", "traffic", "0"));
            await session.SaveChangesAsync(CancellationToken.None);
        }
    }

    static async Task<(VerificationSummary Summary, List<Difference> Found)> Verify(IDocumentStore store)
    {
        var found = new List<Difference>();
        return (await new Verification(store, TestContext.Current.CancellationToken).OfAll(found.Add, new Seen(_ => { })), found);
    }

    static Task<Dictionary<Guid, PastOrderOutcome>> Place(IDocumentStore store, int first, int last) => new PastOrders(store, "import", "0").Store(
        [.. Enumerable.Range(first, last - first + 1).Select(n =>
        {
            var invoice = new Invoice($"{n}");
            invoice.Rows.Add(new(n, [], invoice.Number, "A", "LAMP", 6, DateTimeOffset.UnixEpoch.AddMinutes(n), 2.55m, "c1"));
            return invoice.AsOrder().Order!;
        })]);

    /// <summary>More orders than one page.</summary>
    async Task<LegacyShop> Filled()
    {
        var shop = await LegacyShop.Open(postgres);
        foreach (var part in Enumerable.Range(0, 6)) await Place(shop.Store, 1 + part * 200, (part + 1) * 200);
        return shop;
    }
}
