using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Aggregation;

namespace OrderMonolith.Views;

/// <summary>A view that keeps one row for each order.</summary>
/// <param name="kept">Where the store keeps it.</param>
/// <param name="columns">The columns that repeat a member of the document, each with the SQL that takes it out of <c>data</c>.</param>
/// <param name="lags">Whether it follows the events from behind.</param>
public abstract class StoredView(KeptView kept, IReadOnlyDictionary<string, string> columns, bool lags)
{
    /// <summary>The name of its projection.</summary>
    public string Name => kept.Name;

    /// <summary>Which fold makes it.</summary>
    public uint Version => kept.Version;

    /// <summary>The table of its documents.</summary>
    public string Table => kept.Table;

    /// <summary>The columns that repeat a member of the document, each with the SQL that takes it out of <c>data</c>.</summary>
    public IReadOnlyDictionary<string, string> Columns => columns;

    /// <summary>Under which name its progress is kept, if it follows the events from behind.</summary>
    public string? Shard => lags ? kept.Shard : null;

    /// <summary>What stands beside the document, which lists, owners and versions are judged by, as one JSON object in SQL.</summary>
    /// <param name="row">What the columns are taken from, with a dot; nothing where there is only one.</param>
    public string ColumnsAsJson(string row = "") => AsJson($"{row}mt_version", columns.Keys.Select(column => (column, $"{row}{column}")));

    /// <summary>What should stand there, taken from <c>data</c>.</summary>
    /// <param name="version">The order's version, as SQL.</param>
    public string ExpectedColumnsAsJson(string version) => AsJson(version, columns.Select(column => (column.Key, column.Value)));

    /// <summary>Sequence of the last event that it has seen; all there are, if it changes with every append.</summary>
    public Task<long> Position(IQuerySession session) => Shard is null
        ? Task.FromResult(long.MaxValue)
        : session.Value<long>("select coalesce(max(last_seq_id), 0) from events.mt_event_progression where name = $1", Shard);

    static string AsJson(string version, IEnumerable<(string Name, string Sql)> others) =>
        $"jsonb_build_object({string.Join(", ", others.Prepend(("mt_version", version)).Select(column => $"'column {column.Item1}', {column.Item2}"))})";

    /// <summary>What its documents are.</summary>
    public abstract Type DocumentType { get; }

    /// <summary>The document after one more event, as the view's projection makes it.</summary>
    public abstract object? After(object? document, IEvent e);

    /// <summary>All such views that a store keeps, whatever is in them.</summary>
    public static IReadOnlyList<StoredView> Of(IDocumentStore store) =>
    [
        .. ((StoreOptions)store.Options).Projections.All.OfType<IAggregateProjection>()
            .Where(view => view.Scope is AggregationScope.SingleStream && view.Lifecycle is not ProjectionLifecycle.Live && view.IdentityType == typeof(Guid))
            .Select(view => (StoredView)Activator.CreateInstance(typeof(StoredView<>).MakeGenericType(view.AggregateType), view, store)!),
    ];
}

/// <summary>A view of one kind of document.</summary>
public sealed class StoredView<T>(SingleStreamProjection<T, Guid> projection, IDocumentStore store) : StoredView(
    store.ViewOf<T>(),
    store.Options.FindOrResolveDocumentType(typeof(T)).DuplicatedFields.ToDictionary(
        field => field.ColumnName, field => Column(JsonNamingPolicy.CamelCase.ConvertName(field.MemberName), field.PgType)),
    projection.Lifecycle is ProjectionLifecycle.Async)
    where T : class
{
    /// <inheritdoc />
    public override Type DocumentType => typeof(T);

    /// <inheritdoc />
    public override object? After(object? document, IEvent e) => projection.Evolve((T?)document, e.StreamId, e);

    static string Column(string member, string type) => type.EndsWith("[]", StringComparison.Ordinal)
        ? $"case when data -> '{member}' is not null then array(select jsonb_array_elements_text(data -> '{member}'))::{type} end"
        : $"(data ->> '{member}')::{type}";
}
