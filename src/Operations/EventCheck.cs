using System.Data.Common;
using System.Runtime.CompilerServices;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Npgsql;
using OrderMonolith.Storage;

namespace OrderMonolith.Operations;

/// <summary>A stored event that this version of the service cannot read.</summary>
/// <param name="Sequence">Its place in the store's history.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Version">Its place in the order's history.</param>
/// <param name="Type">The name that it was stored under.</param>
/// <param name="Why">What is wrong, in one sentence.</param>
public sealed record UnreadableEvent(long Sequence, Guid OrderId, long Version, string Type, string Why);

/// <summary>What became of the events that were stored under one name.</summary>
/// <param name="ReadsAs">What they are called today; null where this version does not know their name.</param>
/// <param name="Upcast">Whether they are made today's generation when they are read.</param>
public sealed record CheckedType(string? ReadsAs, bool Upcast)
{
    /// <summary>How many there are.</summary>
    public long Events { get; set; }

    /// <summary>How many of them cannot be read.</summary>
    public long Unreadable { get; set; }
}

/// <summary>What a check of the stored events came to.</summary>
public sealed record EventCheckSummary
{
    /// <summary>Events read.</summary>
    public long Events => Types.Values.Sum(type => type.Events);

    /// <summary>Events that cannot be read.</summary>
    public long Unreadable => Types.Values.Sum(type => type.Unreadable);

    /// <summary>The same by the name that they were stored under.</summary>
    public SortedDictionary<string, CheckedType> Types { get; } = new(StringComparer.Ordinal);
}

/// <summary>Reads every stored event, page by page, as the store would read it, so that a version of the service is known to understand a database before it serves it.</summary>
/// <remarks>Nothing is written, and only columns are asked for that a database of any version has. What is appended meanwhile may be left out.</remarks>
public sealed class EventCheck(IDocumentStore store, Action<UnreadableEvent> found, IProgress<Progress> progress, CancellationToken stop)
{
    const int PageSize = 5_000;

    readonly EventGraph registry = (EventGraph)store.Options.Events;
    readonly Dictionary<string, EventMapping?> mappings = [];
    readonly EventCheckSummary summary = new();

    /// <summary>Checks everything.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<EventCheckSummary> Run()
    {
        await using var session = store.QuerySession(new Marten.Services.SessionOptions { Timeout = 600 });
        var all = await Last(session);
        for (var after = 0L; await Page(session, after) is { } last; after = last) progress.Report(new("events", last, Math.Max(all, last), summary.Events));
        return summary;
    }

    async Task<long> Last(IQuerySession session)
    {
        await using var question = new NpgsqlCommand($"select coalesce(max(seq_id), 0) from {registry.DatabaseSchemaName}.mt_events");
        await using var answer = await session.ExecuteReaderAsync(question, stop);
        await answer.ReadAsync(stop);
        return answer.GetInt64(0);
    }

    /// <summary>Checks the next events; answers the sequence of the last of them, null at the end.</summary>
    async Task<long?> Page(IQuerySession session, long after)
    {
        // The event comes first, because the store reads it there.
        await using var question = new NpgsqlCommand($"select data, type, seq_id, stream_id, version from {registry.DatabaseSchemaName}.mt_events where seq_id > $1 order by seq_id limit {PageSize}");
        question.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        await using var row = await session.ExecuteReaderAsync(question, stop);
        long? last = null;
        while (await row.ReadAsync(stop))
        {
            await Check(row);
            last = row.GetInt64(2);
        }

        return last;
    }

    async Task Check(DbDataReader row)
    {
        var type = row.GetString(1);
        var mapping = MappingOf(type);
        if (!summary.Types.TryGetValue(type, out var known))
        {
            var today = mapping is null ? null : registry.EventMappingFor(mapping.DocumentType);
            summary.Types.Add(type, known = new(today?.EventTypeName, today != mapping));
        }

        known.Events++;
        if (await Fault(mapping, row) is not { } why) return;
        known.Unreadable++;
        found(new(row.GetInt64(2), row.GetGuid(3), row.GetInt64(4), type, why));
    }

    async ValueTask<string?> Fault(EventMapping? mapping, DbDataReader row)
    {
        if (mapping is null) return "This version does not know the name.";
        try
        {
            return (await mapping.ReadEventDataAsync(store.Options.Serializer(), row, stop)).Data is null ? "There is nothing in it." : null;
        }
        catch (Exception e) when (e is not OperationCanceledException && !StorageFault.Is(e))
        {
            return e.Message.ReplaceLineEndings(" ");
        }
    }

    EventMapping? MappingOf(string type)
    {
        if (mappings.TryGetValue(type, out var mapping)) return mapping;

        // With this the store fills the place of an append that failed.
        var tombstone = registry.EventMappingFor(typeof(Tombstone));
        return mappings[type] = type == tombstone.EventTypeName ? tombstone : Registered(registry, type);
    }

    /// <summary>How the store reads what was stored under a name.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "EventMappingFor")]
    static extern EventMapping? Registered(EventGraph registry, string type);
}
