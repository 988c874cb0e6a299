using JasperFx.Events.Aggregation;
using JasperFx.Events.Projections;
using Marten;

namespace OrderMonolith;

/// <summary>A view as the store keeps it: under names that change with its version, so nobody spells them out.</summary>
/// <param name="Name">Name of its projection.</param>
/// <param name="Version">Which fold makes it; another fold has a table of its own.</param>
/// <param name="Table">The table of its documents.</param>
/// <param name="Shard">The row of its progress, if it follows from behind.</param>
/// <param name="Lags">Whether it follows from behind.</param>
public sealed record KeptView(string Name, uint Version, string Table, string Shard, bool Lags);

/// <summary>Where a store keeps its views.</summary>
public static class KeptViews
{
    extension(IDocumentStore store)
    {
        /// <summary>The table of the documents of a class.</summary>
        public string TableOf<T>() => store.Options.FindOrResolveDocumentType(typeof(T)).TableName.QualifiedName;

        /// <summary>The view whose documents are of a class.</summary>
        public KeptView ViewOf<T>()
        {
            var projection = ((StoreOptions)store.Options).Projections.All.Single(projection => projection is IAggregateProjection view && view.AggregateType == typeof(T));
            return new(projection.Name, projection.Version, store.TableOf<T>(), projection.ShardNames().Single().Identity, projection.Lifecycle is ProjectionLifecycle.Async);
        }
    }
}
