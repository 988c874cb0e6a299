using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using Wolverine.Http;

namespace OrderMonolith.DeadLetters;

/// <summary>How a letter is to be tried again.</summary>
/// <param name="Message">The message to go instead, if it is to be another; as JSON, whole.</param>
public sealed record RetryRequest(JsonElement? Message = null);

/// <summary>Which letters are to be tried again: either these, or those that wait and are of a kind or type.</summary>
/// <param name="Ids">The letters; at most 1,000.</param>
/// <param name="Kind">Their kind: Message, Delivery or Event.</param>
/// <param name="Type">Their type.</param>
/// <param name="DryRun">Whether only to say which would be.</param>
public sealed record RetriesRequest([property: MaxLength(ManyLetters.Most, ErrorMessage = "must be at most 1000")] string[]? Ids = null, string? Kind = null, [property: Reason] string? Type = null, bool DryRun = false);

/// <summary>Why a letter is given up.</summary>
/// <param name="Reason">Why, for those who ask later.</param>
public sealed record DiscardRequest([property: Required(ErrorMessage = "must be given"), Reason] string Reason);

/// <summary>Where operators look after what did not get through.</summary>
[Authorize(Scopes.Operations)]
public static class DeadLetterEndpoints
{
    const int UsualPage = 50;
    const int LongestPage = 200;

    /// <summary>A page of letters.</summary>
    [WolverineGet("/v1/ops/dead-letters")]
    public static async Task<IResult> GetLetters(DeadLetterOffice office, HttpContext http)
    {
        var query = QueryParameters.Of(http, "kind", "type", "state", "limit", "cursor");
        var state = query.Choice("state", Enum.GetNames<LetterState>()) is { } wanted ? Enum.Parse<LetterState>(wanted) : LetterState.Waiting;
        var filter = new LetterFilter(KindOf(query.Choice("kind", Enum.GetNames<LetterKind>())), query.Text("type", new ReasonAttribute()), state);
        return StoredJson.Of(await office.Page(filter, query.Text("cursor"), query.Number("limit", 1, LongestPage) ?? UsualPage));
    }

    /// <summary>One letter with its message.</summary>
    [WolverineGet("/v1/ops/dead-letters/{letterId}")]
    public static async Task<IResult> GetLetter(string letterId, DeadLetterOffice office, HttpContext http) => StoredJson.Of(await office.Find(letterId, http.RequestAborted));

    /// <summary>Has a letter be tried again.</summary>
    [WolverinePost("/v1/ops/dead-letters/{letterId}/retries")]
    public static async Task<IResult> Retry(string letterId, [FromBody] RetryRequest request, DeadLetterOffice office, HttpContext http) =>
        Results.Json(await office.Retry(letterId, request.Message, Caller.Of(http).Actor, http.RequestAborted), Json.Stored, statusCode: StatusCodes.Status202Accepted);

    /// <summary>Has many letters be tried again, or says which would be.</summary>
    [WolverinePost("/v1/ops/dead-letters/retries")]
    public static async Task<IResult> RetryMany([FromBody] RetriesRequest request, DeadLetterOffice office, HttpContext http)
    {
        if (request.Ids is null == (request.Kind is null && request.Type is null)) throw ProblemException.Wrong("ids", "must be given, or else kind or type");
        if (request.Kind is not null && KindOf(request.Kind) is null) throw ProblemException.Wrong("kind", $"must be one of {string.Join(", ", Enum.GetNames<LetterKind>())}");
        if (request.Type is "") throw ProblemException.Wrong("type", "must not be empty");
        var by = Caller.Of(http).Actor;
        return StoredJson.Of(request.Ids is { } ids
            ? await office.RetryAll(ids, request.DryRun, by, http.RequestAborted)
            : await office.RetryAll(new LetterFilter(KindOf(request.Kind), request.Type), request.DryRun, by, http.RequestAborted));
    }

    /// <summary>Gives a letter up for good.</summary>
    [WolverinePost("/v1/ops/dead-letters/{letterId}/discards")]
    public static async Task<IResult> Discard(string letterId, [FromBody] DiscardRequest request, DeadLetterOffice office, HttpContext http) =>
        StoredJson.Of(await office.Discard(letterId, request.Reason, Caller.Of(http).Actor, http.RequestAborted));

    static LetterKind? KindOf(string? name) => Enum.GetNames<LetterKind>().Contains(name) ? Enum.Parse<LetterKind>(name!) : null;
}
