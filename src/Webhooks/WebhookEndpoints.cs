using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using OrderMonolith.Deliveries;
using OrderMonolith.Http;
using OrderMonolith.Storage;
using Wolverine.Http;

namespace OrderMonolith.Webhooks;

/// <summary>Where partners' endpoints are looked after.</summary>
[Authorize(Scopes.Operations)]
public static class WebhookEndpoints
{
    const int DefaultLimit = 20;
    const int MostLimit = 200;

    /// <summary>Has events be sent to an endpoint from now on.</summary>
    [WolverinePost("/v1/webhooks")]
    public static async Task<IResult> Create([FromBody] NewWebhook wanted, WebhookRegister register, AddressGuard guard, TimeProvider clock, HttpContext http)
    {
        guard.Check(wanted.Url);
        var now = clock.GetUtcNow();
        var webhook = new Webhook(Guid.CreateVersion7(now), wanted.Url, now, WebhookSecret.New()) { Description = wanted.Description is "" ? null : wanted.Description, Types = wanted.Types ?? [] };
        await register.Add(webhook, http.RequestAborted);
        http.Response.Headers.Location = $"/v1/webhooks/{webhook.Id}";
        return Results.Json(ShownWebhook.WithSecret(webhook, now), Json.Stored, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>The webhooks there are.</summary>
    [WolverineGet("/v1/webhooks")]
    public static async Task<IResult> List(WebhookRegister register, TimeProvider clock, HttpContext http)
    {
        const string Bound = "webhooks";
        var query = QueryParameters.Of(http, "limit", "cursor");
        var limit = query.Number("limit", 1, MostLimit) ?? DefaultLimit;
        var after = query.Text("cursor") is { } cursor ? PageCursor.Read(cursor, Bound, byTime: true).Id : Guid.Empty;
        var webhooks = await register.Behind(after, limit + 1, http.RequestAborted);
        var next = webhooks.Count > limit ? new PageCursor(webhooks[limit - 1].CreatedAt.UtcDateTime, webhooks[limit - 1].Id).Write(Bound) : null;
        return StoredJson.Of(new WebhookList([.. webhooks.Take(limit).Select(webhook => ShownWebhook.Of(webhook, clock.GetUtcNow()))], next));
    }

    /// <summary>A webhook.</summary>
    [WolverineGet("/v1/webhooks/{webhookId}")]
    public static async Task<IResult> Get(Guid webhookId, WebhookRegister register, TimeProvider clock, HttpContext http) =>
        StoredJson.Of(ShownWebhook.Of(await register.Get(webhookId, http.RequestAborted), clock.GetUtcNow()));

    /// <summary>Changes what is given of a webhook.</summary>
    [WolverinePatch("/v1/webhooks/{webhookId}")]
    public static async Task<IResult> Change(Guid webhookId, [FromBody] WebhookChange wanted, WebhookRegister register, AddressGuard guard, TimeProvider clock, HttpContext http)
    {
        if (wanted.Url is { } url) guard.Check(url);
        var (actor, now) = (Caller.Of(http).Actor, clock.GetUtcNow());
        return StoredJson.Of(ShownWebhook.Of(await register.Change(webhookId, webhook => wanted.Of(webhook, actor, now), http.RequestAborted), now));
    }

    /// <summary>Removes a webhook.</summary>
    [WolverineDelete("/v1/webhooks/{webhookId}")]
    public static async Task<IResult> Remove(Guid webhookId, WebhookRegister register, HttpContext http)
    {
        await register.Remove(webhookId, http.RequestAborted);
        return Results.NoContent();
    }

    /// <summary>Replaces a webhook's secret.</summary>
    [WolverinePost("/v1/webhooks/{webhookId}/rotations")]
    public static async Task<IResult> Rotate(Guid webhookId, [FromBody] SecretRotation wanted, WebhookRegister register, TimeProvider clock, HttpContext http)
    {
        var (secret, now) = (WebhookSecret.New(), clock.GetUtcNow());
        return StoredJson.Of(ShownWebhook.WithSecret(await register.Change(webhookId, webhook => webhook.Rotated(secret, now.AddSeconds(wanted.OldSignsForSeconds)), http.RequestAborted), now));
    }

    /// <summary>Sends an event that says nothing to an endpoint at once, paused or not, and answers what came back.</summary>
    [WolverinePost("/v1/webhooks/{webhookId}/tests")]
    public static async Task<IResult> Test(Guid webhookId, WebhookRegister register, WebhookSender sender, StoreEpoch epoch, TimeProvider clock, HttpContext http)
    {
        await RequestBody.Read<EmptyRequest>(http);
        var webhook = await register.Get(webhookId, http.RequestAborted);
        var e = TestEvent.Of(webhookId, await epoch.Current(http.RequestAborted), clock.GetUtcNow());
        var answer = await sender.Send(webhook, e.Id, e.Json, http.RequestAborted);
        return StoredJson.Of(new WebhookTest(e.Id, answer.Fault is null, answer.Took.TotalSeconds, answer.Status, answer.Body, answer.Fault));
    }

    /// <summary>What was sent to a webhook, and what waits.</summary>
    [WolverineGet("/v1/webhooks/{webhookId}/deliveries")]
    public static async Task<IResult> GetDeliveries(Guid webhookId, WebhookRegister register, IDocumentStore store, HttpContext http)
    {
        await register.Get(webhookId, http.RequestAborted);
        await using var session = store.QuerySession();
        return StoredJson.Of(await WebhookDeliveryList.Of(http, webhookId, session));
    }

    /// <summary>What was sent of an event to a webhook, and what came back.</summary>
    [WolverineGet("/v1/webhooks/{webhookId}/deliveries/{eventId}")]
    public static async Task<IResult> GetDelivery(Guid webhookId, Guid eventId, WebhookRegister register, IDocumentStore store, HttpContext http)
    {
        await register.Get(webhookId, http.RequestAborted);
        await using var session = store.QuerySession();
        return StoredJson.Of(await WebhookDeliveryDetails.Find(session, webhookId, eventId));
    }

    /// <summary>Sends an event to a webhook once more.</summary>
    [WolverinePost("/v1/webhooks/{webhookId}/deliveries/{eventId}/redeliveries")]
    public static async Task<IResult> Redeliver(Guid webhookId, Guid eventId, WebhookRegister register, IDocumentStore store, HttpContext http)
    {
        await RequestBody.Read<EmptyRequest>(http);
        await register.Get(webhookId, http.RequestAborted);
        await using var session = store.LightweightSession();
        var delivery = await WebhookDeliveryDetails.Find(session, webhookId, eventId);
        session.Redeliver(webhookId.ToString(), delivery.OrderId, delivery.Version);
        await session.SaveChangesAsync(http.RequestAborted);
        return Results.Accepted($"/v1/webhooks/{webhookId}/deliveries/{eventId}");
    }

    /// <summary>Sends a stretch of the past to a webhook.</summary>
    [WolverinePost("/v1/webhooks/{webhookId}/replays")]
    public static async Task<IResult> Replay(Guid webhookId, [FromBody] WebhookReplay wanted, WebhookRegister register, IDocumentStore store, Published published, HttpContext http)
    {
        var webhook = await register.Get(webhookId, http.RequestAborted);
        return Results.Json(await wanted.Of(webhook, store, published, http.RequestAborted), Json.Stored, statusCode: StatusCodes.Status202Accepted);
    }
}
