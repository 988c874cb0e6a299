using Marten;
using OrderMonolith.Views;

namespace OrderMonolith.Proofs;

/// <summary>The rows that a fold makes, as PostgreSQL would hold them: written to a table, or compared with one.</summary>
public sealed class FoldedRows
{
    readonly StoredView view;
    readonly ViewFold fold;
    readonly Guid[] ids;
    readonly string[] documents;
    readonly long[] versions;

    /// <summary>Makes the rows of a fold.</summary>
    public FoldedRows(ViewFold fold, IDocumentStore store)
    {
        (this.fold, view) = (fold, fold.View);
        var made = fold.Documents.Where(d => d.Value is not null && !fold.Faults.ContainsKey(d.Key)).ToList();
        ids = [.. made.Select(d => d.Key)];
        documents = [.. made.Select(d => store.Options.Serializer().ToJson(d.Value!))];
        versions = [.. made.Select(d => fold.Versions[d.Key])];
    }

    /// <summary>Puts the rows into a table of the view, in place of those that it has of some orders.</summary>
    public async Task Write(IQuerySession session, string table, Guid[] orders)
    {
        if (ids.Length < orders.Length) await session.Do($"delete from {table} where id = any($1) and id <> all($2)", orders, ids);
        string[] columns = ["data", "mt_version", .. view.Columns.Keys];
        await session.Do($"""
            insert into {table} (id, {string.Join(", ", columns)})
            select id, {string.Join(", ", ["data", "version", .. view.Columns.Values])} from unnest($1::uuid[], $2::jsonb[], $3::bigint[]) folded (id, data, version)
            on conflict (id) do update set {string.Join(", ", columns.Select(column => $"{column} = excluded.{column}"))}
            """, ids, documents, versions);
    }

    /// <summary>Compares them, byte for byte, with the rows of a table that are in question.</summary>
    /// <param name="session">Where the rows were folded.</param>
    /// <param name="table">The table.</param>
    /// <param name="which">The rows in question, as a condition on <c>id</c>, with parameters from <c>$4</c> on.</param>
    /// <param name="values">These parameters.</param>
    public async Task<IEnumerable<Difference>> Differences(IQuerySession session, string table, string which, params object[] values)
    {
        var wrong = await session.Find($"""
            select coalesce(stored.id, expected.id), stored.data::text, expected.data::text, stored.columns::text, expected.columns::text
            from (select id, data, {view.ColumnsAsJson()} columns from {table} where {which}) stored
            full join (select id, data, {view.ExpectedColumnsAsJson("version")} columns
                       from unnest($1::uuid[], $2::jsonb[], $3::bigint[]) folded (id, data, version)) expected on expected.id = stored.id
            where stored.data::text is distinct from expected.data::text or stored.columns is distinct from expected.columns
            """,
            row => new Difference(view.Name, row.GetGuid(0), Difference.Between(Text(row, 1), Text(row, 2), Text(row, 3), Text(row, 4))),
            [ids, documents, versions, .. values]);
        return wrong.Where(w => !fold.Faults.ContainsKey(w.OrderId)).Concat(fold.Faults.Select(fault => new Difference(view.Name, fault.Key, fault.Value.ToString())));
    }

    static string? Text(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
