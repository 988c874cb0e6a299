using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using JasperFx.Events.Subscriptions;
using Marten;
using Marten.Events.Aggregation;

namespace OrderMonolith.Operations;

/// <summary>A view that keeps one document per stream.</summary>
/// <param name="name">The name of its projection.</param>
/// <param name="table">The table of its documents.</param>
/// <param name="columns">The columns that repeat a member of the document, each with the SQL that takes it out of <c>data</c>.</param>
/// <param name="shard">Under which name its progress is kept, if it follows the events from behind.</param>
public abstract class StoredView(string name, string table, IReadOnlyDictionary<string, string> columns, string? shard)
{
    /// <summary>The name of its projection.</summary>
    public string Name => name;

    /// <summary>The table of its documents.</summary>
    public string Table => table;

    /// <summary>The columns that repeat a member of the document, each with the SQL that takes it out of <c>data</c>.</summary>
    public IReadOnlyDictionary<string, string> Columns => columns;

    /// <summary>Under which name its progress is kept, if it follows the events from behind.</summary>
    public string? Shard => shard;

    /// <summary>What its documents are.</summary>
    public abstract Type DocumentType { get; }

    /// <summary>The document after one more event, as the view's projection makes it.</summary>
    public abstract object? After(object? document, IEvent e);

    /// <summary>All such views that a store keeps, whatever is in them.</summary>
    public static IReadOnlyList<StoredView> Of(IDocumentStore store)
    {
        var options = (StoreOptions)store.Options;
        return
        [
            .. options.Projections.All.OfType<IAggregateProjection>()
                .Where(view => view.Scope is AggregationScope.SingleStream && view.Lifecycle is not ProjectionLifecycle.Live && view.IdentityType == typeof(Guid))
                .Select(view => (StoredView)Activator.CreateInstance(typeof(StoredView<>).MakeGenericType(view.AggregateType), view, options)!),
        ];
    }
}

/// <summary>A view of one kind of document.</summary>
public sealed class StoredView<T>(SingleStreamProjection<T, Guid> projection, StoreOptions options) : StoredView(
    projection.Name,
    ((IReadOnlyStoreOptions)options).FindOrResolveDocumentType(typeof(T)).TableName.QualifiedName,
    ((IReadOnlyStoreOptions)options).FindOrResolveDocumentType(typeof(T)).DuplicatedFields.ToDictionary(
        field => field.ColumnName, field => $"(data ->> '{JsonNamingPolicy.CamelCase.ConvertName(field.MemberName)}')::{field.PgType}"),
    projection.Lifecycle is ProjectionLifecycle.Async ? ((ISubscriptionSource<IDocumentOperations, IQuerySession>)projection).Shards().Single().Name.Identity : null)
    where T : class
{
    /// <inheritdoc />
    public override Type DocumentType => typeof(T);

    /// <inheritdoc />
    public override object? After(object? document, IEvent e) => projection.Evolve((T?)document, e.StreamId, e);
}
