using System.ComponentModel.DataAnnotations;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using OrderMonolith.Http;
using OrderMonolith.Orders;
using OrderMonolith.Views;
using Wolverine.Http;

namespace OrderMonolith.Rebuilding;

/// <summary>What a rebuild may do.</summary>
/// <param name="AcceptDifferences">Whether what was built is to be read even if it differs from what was.</param>
public sealed record RebuildRequest(bool AcceptDifferences = false);

/// <summary>All views.</summary>
/// <param name="Items">In the order in which they are kept.</param>
public sealed record ViewList(IReadOnlyList<ViewStatus> Items);

/// <summary>Why an event is left out of a view.</summary>
/// <param name="Sequence">The event's place in the store's history.</param>
/// <param name="Reason">Why, for those who ask later.</param>
public sealed record SkipRequest([property: Range(1, (double)long.MaxValue, ErrorMessage = "must be 1 or more")] long Sequence, [property: Required(ErrorMessage = "must be given"), Reason] string Reason);

/// <summary>Where operators look after the views.</summary>
[Authorize(Scopes.Operations)]
public static class ProjectionEndpoints
{
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <summary>How the views are.</summary>
    [WolverineGet("/v1/ops/projections")]
    public static async Task<IResult> GetProjections(IDocumentStore store, HttpContext http) => StoredJson.Of(new ViewList(await ViewStatus.All(store, null, http.RequestAborted)));

    /// <summary>How a view is.</summary>
    [WolverineGet("/v1/ops/projections/{name}")]
    public static async Task<IResult> GetProjection(string name, IDocumentStore store, HttpContext http) => StoredJson.Of(await Status(name, store, http));

    /// <summary>Begins a rebuild, or answers the one that is under way.</summary>
    [WolverinePost("/v1/ops/projections/{name}/rebuilds")]
    public static Task<IResult> Rebuild(string name, [FromBody] RebuildRequest request, Rebuilds rebuilds, IDocumentStore store, TimeProvider clock, HttpContext http) =>
        Begin(name, rebuilds, store, clock, http, rebuild => rebuild with { AcceptDifferences = request.AcceptDifferences });

    /// <summary>Begins to go back to what was read before the last rebuild.</summary>
    [WolverinePost("/v1/ops/projections/{name}/rollbacks")]
    public static Task<IResult> RollBack(string name, [FromBody] RebuildRequest request, Rebuilds rebuilds, IDocumentStore store, TimeProvider clock, HttpContext http) =>
        Begin(name, rebuilds, store, clock, http, rebuild => rebuild with { RollBack = true, AcceptDifferences = request.AcceptDifferences });

    /// <summary>How far a rebuild is.</summary>
    [WolverineGet("/v1/ops/projections/{name}/rebuilds/{rebuildId}")]
    public static async Task<IResult> GetRebuild(string name, Guid rebuildId, IDocumentStore store, HttpContext http) => StoredJson.Of(await Progress(name, rebuildId, store, http.RequestAborted));

    /// <summary>The same, each time that it changes, until it has ended.</summary>
    [WolverineGet("/v1/ops/projections/{name}/rebuilds/{rebuildId}/progress")]
    public static async Task<IResult> WatchRebuild(string name, Guid rebuildId, IDocumentStore store, TimeProvider clock, IHostApplicationLifetime host, HttpContext http)
    {
        http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        var first = await Progress(name, rebuildId, store, http.RequestAborted);
        return TypedResults.ServerSentEvents(Changes(first, name, rebuildId, store, clock, host.ApplicationStopping, http.RequestAborted));
    }

    /// <summary>Calls a rebuild off.</summary>
    [WolverineDelete("/v1/ops/projections/{name}/rebuilds/{rebuildId}")]
    public static async Task<IResult> CancelRebuild(string name, Guid rebuildId, Rebuilds rebuilds, IDocumentStore store, HttpContext http)
    {
        await Progress(name, rebuildId, store, http.RequestAborted);
        await rebuilds.Cancel(name, rebuildId);
        return TypedResults.Accepted(AddressOf(name, rebuildId));
    }

    /// <summary>Has a view go on without an event that it cannot take.</summary>
    [WolverinePost("/v1/ops/projections/{name}/skips")]
    public static async Task<IResult> Skip(string name, [FromBody] SkipRequest request, IDocumentStore store, TimeProvider clock, HttpContext http)
    {
        var status = await Status(name, store, http);
        var view = StoredView.Of(store).Single(view => view.Name == status.Name);
        try
        {
            return StoredJson.Of(await SkippedEvent.Record(store, view, request.Sequence, request.Reason, Caller.Of(http).Actor, clock.GetUtcNow(), http.RequestAborted));
        }
        catch (SetupException e)
        {
            throw new ProblemException("validation-failed", e.Message, new Dictionary<string, string[]> { ["sequence"] = [e.Message] });
        }
    }

    static async Task<IResult> Begin(string name, Rebuilds rebuilds, IDocumentStore store, TimeProvider clock, HttpContext http, Func<Rebuild, Rebuild> wanted)
    {
        var status = await Status(name, store, http);
        try
        {
            var rebuild = await rebuilds.Request(wanted(new(Guid.CreateVersion7(), status.Name, Caller.Of(http).Actor, clock.GetUtcNow()) { Unattended = true }));
            return TypedResults.Accepted(AddressOf(status.Name, rebuild.Id));
        }
        catch (RebuildUnderWayException e)
        {
            throw new ProblemException("rebuild-under-way", e.Message);
        }
    }

    static string AddressOf(string view, Guid rebuild) => $"/v1/ops/projections/{view}/rebuilds/{rebuild}";

    static async Task<ViewStatus> Status(string name, IDocumentStore store, HttpContext http) =>
        StoredView.Of(store).Any(view => view.Name == name) ? (await ViewStatus.All(store, name, http.RequestAborted))[0] : throw new ProblemException("projection-not-found", $"There is no view '{name}'.");

    static async Task<RebuildProgress> Progress(string name, Guid rebuildId, IDocumentStore store, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        var rebuild = await session.LoadAsync<Rebuild>(rebuildId, cancellation);
        if (rebuild?.View != name) throw new ProblemException("projection-not-found", $"There is no such rebuild of '{name}'.");
        return await session.LoadAsync<RebuildProgress>(rebuildId, cancellation) ?? RebuildProgress.Of(rebuild, rebuild.RequestedAt);
    }

    static async IAsyncEnumerable<SseItem<RebuildProgress>> Changes(
        RebuildProgress now, string name, Guid rebuildId, IDocumentStore store, TimeProvider clock, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var shown = now with { UpdatedAt = DateTimeOffset.MaxValue }; ; now = await Progress(name, rebuildId, store, cancellation))
        {
            if (now.UpdatedAt != shown.UpdatedAt) yield return new(shown = now, now.IsOver ? "end" : "progress");
            if (now.IsOver || stopping.IsCancellationRequested) yield break;
            await Task.Delay(Pace, clock, cancellation);
        }
    }
}
