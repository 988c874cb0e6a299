using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten.Events.Aggregation;
using OrderMonolith.Commands;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs
{
    /// <summary>Classes are called and lie as we like: what is stored knows only the names that were given by hand.</summary>
    public sealed class NameRecipes(OneMonolith one) : IClassFixture<OneMonolith>, IDisposable
    {
        readonly Tomorrow tomorrow = new(one.Service);
        readonly Batches batches = new(one.Service);

        public void Dispose() => tomorrow.Dispose();

        sealed record OrderCalledOff(string? Reason = null);

        [Fact]
        public async Task A_renamed_event_class_keeps_the_events_name()
        {
            var node = tomorrow.Instead<OrderCancelled>(store => store.Events.Event<OrderCalledOff>("order_cancelled"), fact => fact is OrderCalledOff e ? new OrderCancelled(e.Reason) : fact);
            var (ours, theirs) = (await batches.NewOrder(), await batches.NewOrder());
            await batches.Run(ours, new CancelOrder("ours"));
            await Tomorrow.Append<Order>(node, theirs, new OrderCalledOff("theirs"));

            Assert.Equal(new OrderCalledOff("ours"), (await Tomorrow.Facts(node, ours))[^1]);
            Assert.Equal(new OrderCancelled("theirs"), (await batches.Facts(theirs))[^1]);
            Assert.Equal("theirs", (await batches.Run(theirs, new CancelOrder("again"))).Order?.CancelReason);
        }

        [Fact]
        public async Task A_moved_namespace_changes_nothing()
        {
            var node = tomorrow.Instead<OrderConfirmed>(store => store.Events.Event<Elsewhere.OrderConfirmed>("order_confirmed"), fact => fact is Elsewhere.OrderConfirmed ? new OrderConfirmed() : fact);
            var (ours, theirs) = (await batches.NewOrder(), await batches.NewOrder());
            await batches.Run(ours, new ConfirmOrder());
            await Tomorrow.Append<Order>(node, theirs, new Elsewhere.OrderConfirmed());

            Assert.Equal(new Elsewhere.OrderConfirmed(), (await Tomorrow.Facts(node, ours))[^1]);
            Assert.Equal(new OrderConfirmed(), (await batches.Facts(theirs))[^1]);
        }

        [Fact]
        public async Task A_class_that_takes_the_name_of_a_renamed_one_reads_none_of_its_events()
        {
            // Before names were pinned, this is what lay beside an event.
            var id = await batches.NewOrder();
            await batches.Run(id, new CancelOrder("ours"));
            await one.Service.Query<long>($"""
                with old as (update events.mt_events set mt_dotnet_type = 'OrderMonolith.Specs.Elsewhere.OrderCancelled, Specs' where stream_id = '{id}' and version = 3 returning 1) select count(*) from old
                """);
            var node = tomorrow.Instead<OrderCancelled>(store =>
            {
                store.Events.Event<OrderCalledOff>("order_cancelled");
                store.Events.Event<Elsewhere.OrderCancelled>("order_cancelled_by_shop");
            });
            Assert.Equal(new OrderCalledOff("ours"), (await Tomorrow.Facts(node, id))[^1]);
        }

        [Fact]
        public async Task A_renamed_order_keeps_its_streams_and_its_document()
        {
            var node = tomorrow.Node(
                store =>
                {
                    store.Events.Stream<PurchaseOrder>("order");
                    store.Schema.For<PurchaseOrder>().DocumentAlias("order").Duplicate(o => o.CustomerId, notNull: true);
                    store.Projections.Add<PurchaseOrderProjection>(ProjectionLifecycle.Inline);
                    store.Schema.For<Order>().DocumentAlias("no_more");
                },
                store =>
                {
                    store.Projections.All.RemoveAll(view => view is OrderProjection);
                    store.Events.Stream<Order>("no_more");
                });
            var (ours, theirs) = (await batches.NewOrder(), Guid.CreateVersion7());
            await Tomorrow.Append<PurchaseOrder>(node, ours, new ItemAdded("mug", 1, 4m));
            await Tomorrow.Append<PurchaseOrder>(node, theirs, new OrderCreated("ada"), new ItemAdded("mug", 1, 4m));

            Assert.Equal(["order"], await one.Service.Query<string[]>("select array_agg(distinct type::text) from events.mt_streams"));
            Assert.Equal(13.5m, (await batches.Run(ours, new ConfirmOrder())).Order?.TotalAmount);
            Assert.Equal((200, 4m), await Read(theirs));
            await using var session = node.LightweightSession();
            Assert.Equal(OrderStatus.Confirmed, (await session.Events.FetchLatest<PurchaseOrder>(ours, TestContext.Current.CancellationToken))?.Status);
            Assert.Equal(typeof(PurchaseOrder), (await session.Events.FetchStreamStateAsync(ours, TestContext.Current.CancellationToken))?.AggregateType);
            using var daemon = await node.BuildProjectionDaemonAsync();
            await daemon.RebuildProjectionAsync("orders", TestContext.Current.CancellationToken);
            Assert.Equal((200, 13.5m), await Read(ours));
            Assert.False(await one.Service.Query<bool>("select exists (select from pg_tables where tablename like '%purchase%' or tablename like '%no_more%')"));
        }

        async Task<(int Status, decimal Total)> Read(Guid id)
        {
            var answer = await one.Service.Send("GET", $"/v1/orders/{id}");
            return (answer.Status, answer.Content.GetProperty("totalAmount").GetDecimal());
        }
    }

    /// <summary>What <see cref="Order"/> is called tomorrow.</summary>
    public sealed record PurchaseOrder
    {
        public Guid Id { get; init; }

        public string CustomerId { get; init; } = "";

        public string Currency { get; init; } = "";

        public OrderStatus Status { get; init; }

        public OrderLines Lines { get; init; } = OrderLines.None;

        public int ItemCount => Lines.Products;

        public decimal TotalAmount => Lines.Total;

        public long Version { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset LastUpdated { get; init; }

        public string? CancelReason { get; init; }
    }

    /// <summary>What <see cref="OrderProjection"/> is called tomorrow.</summary>
    public sealed partial class PurchaseOrderProjection : SingleStreamProjection<PurchaseOrder, Guid>
    {
        public PurchaseOrderProjection() => (Name, Version, IncludeArchivedEvents) = ("orders", 1, true);

        public override PurchaseOrder? Evolve(PurchaseOrder? snapshot, Guid id, IEvent e) => As<PurchaseOrder>(new OrderProjection().Evolve(As<Order>(snapshot), id, e));

        static T? As<T>(object? order) => JsonSerializer.SerializeToElement(order, Json.Stored).Deserialize<T>(Json.Stored);
    }
}

namespace OrderMonolith.Specs.Elsewhere
{
    /// <summary>Today's fact in another namespace.</summary>
    public sealed record OrderConfirmed;

    /// <summary>Another fact under the name that a class had before.</summary>
    public sealed record OrderCancelled(string Shop);
}
