using System.Data.Common;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Npgsql;
using NpgsqlTypes;
using OrderMonolith.History;

namespace OrderMonolith.Operations;

/// <summary>A document that is not what its events say.</summary>
/// <param name="View">The view that it is in.</param>
/// <param name="OrderId">The order.</param>
/// <param name="How">What is wrong with it.</param>
public sealed record Difference(string View, Guid OrderId, string How);

/// <summary>What a verification came to.</summary>
public sealed record VerificationSummary
{
    /// <summary>Streams folded.</summary>
    public long Orders { get; set; }

    /// <summary>Events read.</summary>
    public long Events { get; set; }

    /// <summary>Documents that are not what their events say.</summary>
    public long Differences { get; set; }

    /// <summary>For each view that follows from behind, how many events it had not seen when the verification began; they are not held against it.</summary>
    public Dictionary<string, long> EventsBehind { get; } = [];
}

/// <summary>Folds every stream, page by page, and compares with the stored views, byte for byte as PostgreSQL shows them.</summary>
/// <remarks>Each page is read in one snapshot, in which a view and its events, or its position among them, agree; so orders may change meanwhile.</remarks>
public sealed class Verification(IDocumentStore store, Action<Difference> found, IProgress<Progress> progress, CancellationToken stop)
{
    readonly IReadOnlyList<StoredView> views = StoredView.Of(store);
    readonly string events = store.Options.Events.DatabaseSchemaName;
    readonly VerificationSummary summary = new();

    /// <summary>Verifies everything.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<VerificationSummary> Run()
    {
        var all = await Begin();
        for (Guid? after = Guid.Empty; after is not null;)
        {
            stop.ThrowIfCancellationRequested();
            await using var session = store.LightweightSession(new Marten.Services.SessionOptions { IsolationLevel = System.Data.IsolationLevel.RepeatableRead, Timeout = 600 });
            await session.BeginTransactionAsync(stop);
            after = await Page(session, after.Value);
            progress.Report(new("orders", summary.Orders, Math.Max(all, summary.Orders), summary.Orders));
        }

        return summary;
    }

    async Task<long> Begin()
    {
        // In development nobody may have written or read yet, so that a table is still to be made.
        foreach (var kept in views.Select(view => view.DocumentType).Append(typeof(IEvent))) await store.Storage.Database.EnsureStorageExistsAsync(kept, stop);

        await using var session = store.LightweightSession(new Marten.Services.SessionOptions { Timeout = 600 });
        foreach (var view in views.Where(view => view.Shard is not null))
            summary.EventsBehind[view.Name] = await One(session, $"select count(*) from {events}.mt_events where seq_id > $1", await Position(session, view));
        return await One(session, $"select count(*) from {events}.mt_streams where type = 'order'");
    }

    /// <summary>Verifies the next orders by id; answers the last of them, null at the end.</summary>
    async Task<Guid?> Page(IDocumentSession session, Guid after)
    {
        Guid[] ids = [.. await StreamPages.Next(session, after, stop)];
        var folds = new List<ViewFold>();
        foreach (var view in views) folds.Add(await Fold(session, view, ids));

        var facts = session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived() && e.StreamId.IsOneOf(ids)).OrderBy(e => e.StreamId).ThenBy(e => e.Version);
        await foreach (var e in facts.ToAsyncEnumerable(stop))
        {
            summary.Events++;
            foreach (var fold in folds) fold.Take(e);
        }

        var last = ids.Length > 0 ? ids[^1] : (Guid?)null;
        foreach (var fold in folds) await Compare(session, fold, after, last);
        summary.Orders += ids.Length;
        return last;
    }

    async Task<ViewFold> Fold(IDocumentSession session, StoredView view, Guid[] ids)
    {
        if (view.Shard is null) return new(view, long.MaxValue, []);
        var versions = await All(session, $"""
            select id, version::bigint from {view.Table}, jsonb_path_query(data, '$.version ? (@.type() == "number")') version where id = any($1)
            """, reader => (Id: reader.GetGuid(0), Version: reader.GetInt64(1)), ids);
        return new(view, await Position(session, view), versions.ToDictionary(v => v.Id, v => v.Version));
    }

    Task<long> Position(IDocumentSession session, StoredView view) =>
        One(session, $"select coalesce(max(last_seq_id), 0) from {events}.mt_event_progression where name = $1", view.Shard!);

    async Task Compare(IDocumentSession session, ViewFold fold, Guid after, Guid? last)
    {
        var documents = fold.Documents.Where(d => d.Value is not null).ToList();
        var wrong = await All(session, $"""
            select coalesce(stored.id, expected.id), stored.data::text, expected.data::text, stored.columns::text, expected.columns::text
            from (select id, data, {Columns("mt_version", fold.View.Columns.Keys.Select(column => (column, column)))} columns
                  from {fold.View.Table} where id > $1 and ($2::uuid is null or id <= $2)) stored
            full join (select id, data, {Columns("version", fold.View.Columns.Select(column => (column.Key, column.Value)))} columns
                       from unnest($3::uuid[], $4::jsonb[], $5::bigint[]) folded (id, data, version)) expected on expected.id = stored.id
            where stored.data::text is distinct from expected.data::text or stored.columns is distinct from expected.columns
            """,
            reader => (OrderId: reader.GetGuid(0), How: How(reader)),
            after, last ?? (object)DBNull.Value, documents.ConvertAll(d => d.Key),
            documents.Select(d => store.Options.Serializer().ToJson(d.Value!)).ToArray(), documents.Select(d => fold.Versions[d.Key]).ToArray());
        foreach (var (orderId, how) in wrong.Where(w => !fold.Faults.ContainsKey(w.OrderId)).Concat(fold.Faults.Select(fault => (fault.Key, fault.Value))))
        {
            summary.Differences++;
            found(new(fold.View.Name, orderId, how));
        }
    }

    /// <summary>What stands beside the document, which lists, owners and versions are judged by, as one JSON object.</summary>
    static string Columns(string version, IEnumerable<(string Name, string Sql)> others) =>
        $"jsonb_build_object({string.Join(", ", others.Prepend(("mt_version", version)).Select(column => $"'column {column.Item1}', {column.Item2}"))})";

    static string How(DbDataReader row)
    {
        if (row.IsDBNull(1)) return "is missing";
        if (row.IsDBNull(2)) return "has no events";
        return string.Join("; ", Differing(row.GetString(1), row.GetString(2)).Concat(Differing(row.GetString(3), row.GetString(4))));
    }

    static IEnumerable<string> Differing(string stored, string expected)
    {
        var (is_, should) = (Members(stored), Members(expected));
        return is_.Keys.Union(should.Keys).Where(name => is_.GetValueOrDefault(name) != should.GetValueOrDefault(name))
            .Select(name => $"{name} is {is_.GetValueOrDefault(name, "absent")}, should be {should.GetValueOrDefault(name, "absent")}");
    }

    static Dictionary<string, string> Members(string json) => JsonElement.Parse(json) is { ValueKind: JsonValueKind.Object } document
        ? document.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText())
        : new() { ["document"] = json };

    static async Task<List<T>> All<T>(IDocumentSession session, string sql, Func<DbDataReader, T> read, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is string[] json ? new() { Value = json, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb } : new NpgsqlParameter { Value = value });
        await using var reader = await session.ExecuteReaderAsync(command);
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(read(reader));
        return rows;
    }

    static async Task<long> One(IDocumentSession session, string sql, params object[] values) => (await All(session, sql, reader => reader.GetInt64(0), values))[0];
}
