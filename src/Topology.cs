using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Marten.Schema;
using OrderMonolith.Commands;
using OrderMonolith.DeadLetters;
using OrderMonolith.Deliveries;
using OrderMonolith.Insights;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.Rebuilding;
using OrderMonolith.Storage;
using OrderMonolith.Views;
using OrderMonolith.Webhooks;
using OrderMonolith.WorkList;
using Polly;
using Weasel.Core;
using Weasel.Postgresql.Tables;
using Wolverine;
using Wolverine.Marten;
using static Marten.Services.Json.Transformations.SystemTextJson.JsonTransformations;

namespace OrderMonolith;

/// <summary>The map: what is stored under which name, which views there are and when they change, and what travels as a message.</summary>
public static class Topology
{
    /// <summary>The event store and the documents. Names and shapes here are for ever: data lies under them.</summary>
    public static void Store(StoreOptions store, ProjectionLifecycle orderSummaries)
    {
        store.DatabaseSchemaName = "views";
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase, options => Json.Form(options));
        store.Policies.ForAllDocuments(document =>
        {
            document.Metadata.LastModified.Enabled = false;
            document.Metadata.DotNetType.Enabled = false;
            if (document.DocumentType == typeof(OrderSummary)) Lists(document);
        });

        Events(store.Events);

        // What PostgreSQL undid for a reason of the moment is sent again. Marten's own rule would also have those wait again who waited for a lock in vain.
        store.ConfigureWritePolly(commit => commit.AddRetry(new()
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(StorageFault.MaySendAgain),
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(50),
            BackoffType = DelayBackoffType.Exponential,
        }));

        store.Projections.Add<OrderProjection>(ProjectionLifecycle.Inline);
        store.Schema.For<Order>().DocumentAlias("order")
            .Duplicate(o => o.CustomerId, notNull: true);

        store.Projections.Add<OrderSummaryProjection>(orderSummaries);
        store.Schema.For<OrderSummary>().DocumentAlias("order_summary").Identity(s => s.OrderId);
        store.Sales();
        store.WorkList();
        store.Deliveries();
        store.Webhooks();
        store.Schema.For<StoredOutcome>().DocumentAlias("command_outcome")
            .Duplicate(o => o.At, "timestamptz", notNull: true, configure: index => index.Method = IndexMethod.brin);
        store.Schema.For<ViewLifecycle>().DocumentAlias("view_lifecycle");
        store.Schema.For<SkippedEvent>().DocumentAlias("skipped_event");
        store.DeadLetters();
        store.Schema.For<Drift>().DocumentAlias("drift");
        store.Schema.For<DriftWatchPlace>().DocumentAlias("drift_watch_place");
        store.Schema.For<Rebuild>().DocumentAlias("rebuild");
        store.Schema.For<RebuildProgress>().DocumentAlias("rebuild_progress");

        // Views that lag look for events now and then, and take many at once: woken by each append, they would make commits queue for the notice and halve what the service can write.
        store.Projections.FastPollingTime = TimeSpan.FromMilliseconds(100);
        store.Projections.SlowPollingTime = TimeSpan.FromMilliseconds(250);

        // A view that cannot take an event stops and says so; it never goes on without it.
        store.Projections.Errors.SkipApplyErrors = false;
        store.Projections.Errors.SkipSerializationErrors = false;
        store.Projections.Errors.SkipUnknownEvents = false;
    }

    /// <summary>The columns that lists filter and sort by, and the indexes that serve them.</summary>
    /// <remarks>
    /// Every index is paid for by every command, because each command changes when the order was last updated. So there are only those that make a list by customer, by status or of all
    /// as fast among a million orders as among a few, in each order of its pages; and the orders that hold a product (see <see cref="ListQuestion"/>). What commands
    /// add to the latter waits in a list that every search reads: so it is kept short.
    /// </remarks>
    static void Lists(DocumentMapping summaries)
    {
        summaries.DuplicateField(nameof(OrderSummary.CustomerId), notNull: true);
        summaries.DuplicateField(nameof(OrderSummary.Status), notNull: true);
        summaries.DuplicateField(nameof(OrderSummary.Currency), notNull: true);
        summaries.DuplicateField(nameof(OrderSummary.TotalAmount), "numeric", notNull: true);
        summaries.DuplicateField(nameof(OrderSummary.CreatedAt), "timestamptz", notNull: true);
        summaries.DuplicateField(nameof(OrderSummary.LastUpdated), "timestamptz", notNull: true);

        foreach (var filter in (string[])["customer_id", "status"])
        {
            foreach (var sort in (string[])["created_at", "last_updated", "total_amount"]) summaries.AddIndex(filter, sort, "id");
        }

        summaries.Indexes.Add(new ProductsIndex(summaries) { Method = IndexMethod.gin, Mask = "(? -> 'products')", StorageParameters = { ["gin_pending_list_limit"] = 256 } });
    }

    /// <summary>An index is called after its table, which another version of the view does not share.</summary>
    sealed class ProductsIndex : DocumentIndex
    {
        readonly DocumentMapping summaries;

        public ProductsIndex(DocumentMapping summaries)
            : base(summaries, "data") => this.summaries = summaries;

        protected override string deriveIndexName() => $"{summaries.TableName.Name}_idx_products";
    }

    static void Events(IEventStoreOptions events)
    {
        events.DatabaseSchemaName = "events";
        events.StreamIdentity = StreamIdentity.AsGuid;
        events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        events.UseMandatoryStreamTypeDeclaration = true;
        events.UseExclusiveLockOnConcurrentAppends = true;
        events.EnableEventSkippingInProjectionsOrSubscriptions = true;
        events.MetadataConfig.EnableAll();
        events.MetadataConfig.UserNameEnabled = true;

        events.Stream<Order>("order");
        events.Event<OrderCreated>("order_created");
        events.Event<ItemAdded>("item_added_v2");
        events.Event<ItemRemoved>("item_removed_v2");
        events.Event<OrderConfirmed>("order_confirmed");
        events.Event<OrderCancelled>("order_cancelled");

        // The first generation said "price" and repeated the order's id.
        events.Upcast<ItemAdded>("item_added", Upcast(old => new ItemAdded(
            old.RootElement.GetProperty("productId").GetString()!,
            old.RootElement.GetProperty("quantity").GetInt32(),
            old.RootElement.GetProperty("price").GetDecimal())));
        events.Upcast<ItemRemoved>("item_removed", Upcast(old => new ItemRemoved(
            old.RootElement.GetProperty("productId").GetString()!,
            old.RootElement.GetProperty("quantity").GetInt32(),
            old.RootElement.GetProperty("price").GetDecimal())));
    }

    /// <summary>Messages and the work that moves between nodes.</summary>
    public static void Messages(WolverineOptions wolverine)
    {
        wolverine.ServiceName = "order-monolith";
        wolverine.ApplicationAssembly = typeof(Program).Assembly;
        wolverine.Durability.MessageStorageSchemaName = "wolverine";
        wolverine.EnvelopeIdGeneration = EnvelopeIdGeneration.GuidV7;
        wolverine.MultipleHandlerBehavior = MultipleHandlerBehavior.Separated;
        wolverine.Policies.UseDurableLocalQueues();
        wolverine.UnknownMessageBehavior = UnknownMessageBehavior.DeadLetterQueue;
        wolverine.UseSystemTextJsonForSerialization(options => Json.Form(options));

        // Views that lag find their node within a second or two of its start, and another one soon after it died.
        wolverine.Durability.FirstHealthCheckExecution = TimeSpan.Zero;
        wolverine.Durability.HealthCheckPollingTime = TimeSpan.FromSeconds(1);
        wolverine.Durability.CheckAssignmentPeriod = TimeSpan.FromSeconds(2);
        wolverine.Durability.StaleNodeTimeout = TimeSpan.FromSeconds(10);
    }

    /// <summary>Wolverine's tables beside Marten's, and its hand on the projections that lag.</summary>
    public static void Together(MartenIntegration integration)
    {
        integration.MessageStorageSchemaName = "wolverine";
        integration.UseWolverineManagedEventSubscriptionDistribution = true;
    }
}
