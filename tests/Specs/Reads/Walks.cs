using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>Walks through lists, page by page.</summary>
public static class Walks
{
    /// <summary>All items from the first page to the last; every page but the last is full.</summary>
    public static async Task<List<JsonElement>> Walk(this Monolith service, string query, int limit, Func<Task>? between = null)
    {
        var items = new List<JsonElement>();
        for (string? cursor = null; ;)
        {
            var page = await service.Send("GET", $"/v1/orders?limit={limit}{(query is "" ? "" : "&" + query)}{(cursor is null ? "" : "&cursor=" + cursor)}");
            Assert.True(page.Status is 200, page.Body);
            var listed = page.Content.GetProperty("items").EnumerateArray().ToList();
            items.AddRange(listed);
            cursor = page.Content.GetProperty("next").GetString();
            if (cursor is null) return items;

            Assert.Equal(limit, listed.Count);
            if (between is not null) await between();
        }
    }

    public static Guid Id(this JsonElement summary) => summary.GetProperty("orderId").GetGuid();
}
