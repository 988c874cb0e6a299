using System.Text.Json;
using Marten;
using OrderMonolith.Http;
using OrderMonolith.Views;
using Wolverine.Persistence.Durability;
using Wolverine.Runtime;
using Wolverine.Runtime.Handlers;

namespace OrderMonolith.DeadLetters;

/// <summary>Messages whose handler failed as often as it was to be tried. One that is tried again goes the way of all messages: read and handled as they are today.</summary>
public sealed class FailedMessages(IWolverineRuntime runtime, HandlerGraph handlers) : ILetters
{
    const string Failed = "coalesce(failed_at, sent_at)";
    const string Waiting = "wolverine.wolverine_dead_letters where archived_at is null and replayable is not true";

    IDeadLetters Store => runtime.Storage.DeadLetters;

    /// <inheritdoc />
    public LetterKind Kind => LetterKind.Message;

    /// <inheritdoc />
    public async Task<LetterTally> Tally(IQuerySession session) => (await session.Find(
        $"select count(*), max({Failed}) from {Waiting}", row => new LetterTally(row.GetInt64(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1))))[0];

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeadLetter>> Page(IQuerySession session, LetterPlace behind, string? type, int limit)
    {
        var ids = await session.Find(
            $"select id, {Failed} from {Waiting} and ({Failed}, id) > ($1, $2) and ($3 = '' or message_type = $3) order by 2, 1 limit {limit}",
            row => (Id: row.GetGuid(0), At: row.GetFieldValue<DateTimeOffset>(1)),
            behind.At, Guid.TryParse(behind.Key, out var id) ? id : Guid.AllBitsSet, type ?? "");
        if (ids.Count == 0) return [];
        var found = (await Store.QueryAsync(new([.. ids.Select(one => one.Id)]) { PageSize = ids.Count }, CancellationToken.None)).Envelopes.ToDictionary(letter => letter.Id);

        // One that somebody had tried again meanwhile is gone.
        return [.. ids.Where(one => found.ContainsKey(one.Id)).Select(one => Shown(found[one.Id], one.At) with { Message = null })];
    }

    /// <inheritdoc />
    public async Task<DeadLetter?> Find(IQuerySession session, string key, CancellationToken cancellation) =>
        await Waits(key) is { } letter ? Shown(letter, letter.FailedAt ?? letter.SentAt) : null;

    /// <inheritdoc />
    public async Task Retry(IDocumentSession session, string key, JsonElement? edited, CancellationToken cancellation)
    {
        var id = Guid.Parse(key);
        if (edited is not { } message) await Store.ReplayMatchingAsync(new([id]), cancellation);
        else if (await Waits(key) is { } letter) await Store.EditAndReplayAsync(id, Checked(letter, message), cancellation);
    }

    /// <inheritdoc />
    public Task Discard(IDocumentSession session, string key, Treatment treatment, CancellationToken cancellation) =>
        Store.ArchiveMatchingAsync(new([Guid.Parse(key)]) { Replayable = false }, cancellation);

    async Task<DeadLetterEnvelope?> Waits(string key) =>
        Guid.TryParseExact(key, "D", out var id) && await Store.DeadLetterEnvelopeByIdAsync(id) is { ArchivedAt: null, Replayable: false } letter ? letter : null;

    static DeadLetter Shown(DeadLetterEnvelope letter, DateTimeOffset at)
    {
        var message = Read(letter.Envelope.Data);
        return new(DeadLetter.IdOf(LetterKind.Message, letter.Id.ToString()), LetterKind.Message, letter.MessageType, at, letter.ExceptionMessage)
        {
            OrderId = message is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("orderId", out var order) && order.TryGetGuid(out var id) ? id : null,
            Target = letter.ReceivedAt,
            ExceptionType = letter.ExceptionType,
            Attempts = letter.Envelope.Attempts,
            TraceId = letter.Envelope.ParentId?.Split('-') is [_, var trace, ..] ? trace : letter.Envelope.CorrelationId,
            Message = message,
        };
    }

    static JsonElement? Read(byte[]? data)
    {
        try
        {
            return data is null ? null : JsonElement.Parse(data);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The edited message as it is sent: read as strictly as a request, so that nothing that was meant is lost.</summary>
    byte[] Checked(DeadLetterEnvelope letter, JsonElement edited)
    {
        if (!handlers.TryFindMessageType(letter.MessageType, out var type)) throw ProblemException.Wrong("message", $"cannot be checked: nothing handles '{letter.MessageType}' today");
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(edited.Deserialize(type, Json.Request) ?? throw new JsonException("It is null."), type, Json.Stored);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw ProblemException.Wrong("message", $"is no '{letter.MessageType}': {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
