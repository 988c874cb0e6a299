using static OrderMonolith.Specs.Carts;

namespace OrderMonolith.Specs;

/// <summary>A database that refuses to have orders cancelled, so that what asks for it ends as a dead letter.</summary>
public static class Refusals
{
    /// <summary>The letters that wait.</summary>
    public const string Letters = "/v1/ops/dead-letters";

    /// <summary>Begins to refuse.</summary>
    public static Task RefuseCancelling(this Monolith node) => Execute(node.ConnectionString, "alter table events.mt_events add constraint refused check (type <> 'order_cancelled')");

    /// <summary>Ends it.</summary>
    public static Task AllowCancelling(this Monolith node) => Execute(node.ConnectionString, "alter table events.mt_events drop constraint refused");

    /// <summary>The ids of the letters that wait.</summary>
    public static async Task<List<string>> LetterIds(this Monolith node, string query = "") =>
        [.. (await node.Send("GET", Letters + query)).Content.GetProperty("items").EnumerateArray().Select(letter => letter.GetProperty("id").GetString()!)];

    /// <summary>Begins orders, and returns when the messages that ask for them are dead letters.</summary>
    public static async Task<List<Guid>> BegunInVain(this Monolith node, int orders)
    {
        await node.RefuseCancelling();
        var begun = new List<Guid>();
        for (var i = 0; i < orders; i++) begun.Add(await node.Begun(90));
        await Eventually.That(async () => (await node.LetterIds()).Count == orders);
        return begun;
    }
}
