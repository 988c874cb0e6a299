using Microsoft.AspNetCore.Authorization;
using OrderMonolith.Http;
using OrderMonolith.Views;
using Wolverine.Http;

namespace OrderMonolith.WorkList;

/// <summary>Where the shop finds what there is to do.</summary>
[Authorize(Scopes.ReadOrders)]
public static class WorkListEndpoints
{
    /// <summary>Pending orders: those that wait longest, or the biggest.</summary>
    [WolverineGet("/v1/work-list")]
    public static async Task<IResult> GetWorkList(View<WorkItem> items, HttpContext http) => StoredJson.Of(await WorkListPage.Of(http, items));
}
