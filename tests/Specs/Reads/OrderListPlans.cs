using System.Text.Json;

namespace OrderMonolith.Specs;

/// <summary>What PostgreSQL reads and sorts for a page, counted while it does, does not grow with the number of orders.</summary>
/// <remarks>Its own statistics and costs decide. The fewer orders there are, the more it leans to reading them all, so what it does with some ten thousand it does with a million. Rows are counted where they
/// are read from the table: the places of them that the index of products hands over grow with the orders that hold the product.</remarks>
public sealed class OrderListPlans(ManySummaries many) : IClassFixture<ManySummaries>
{
    const int Wanted = 21;

    /// <summary>A page of all orders reads one order more of each status but one.</summary>
    const int ReadForAll = Wanted + 2;

    const int Near = 100 * Wanted + 2;
    const int Few = 2_001;
    const int Far = 2_000 * Wanted + 2;

    public static TheoryData<string, int> EverydayLists => new()
    {
        { "", ReadForAll },
        { "customerId=great", Wanted },
        { "customerId=c7", Wanted },
        { "customerId=nobody", Wanted },
        { "status=Confirmed", Wanted },
        { "status=Cancelled", Wanted },
        { "status=Pending", Wanted },
        { "productId=common", Near },
        { "productId=rare", Near + ManySummaries.Rare },
        { "productId=nothing", Near },
        { "productId=seasonal", Near + Few + Far },
    };

    [Theory, MemberData(nameof(EverydayLists))]
    public async Task Everyday_lists_read_little_more_than_their_page_and_sort_no_more_than_a_few(string filter, int most)
    {
        foreach (var sort in new[] { "createdAt", "-createdAt", "lastUpdated", "-lastUpdated", "totalAmount", "-totalAmount" })
        {
            var cursor = "";
            for (var page = 0; page < 2 && cursor is not null; page++)
            {
                var plan = await many.Plan($"?sort={sort}&{filter}{cursor}");
                var done = Executed(plan).ToList();
                var read = done.Where(node => node.TryGetProperty("Relation Name", out _)).Sum(Rows);
                var sorted = done.Where(node => node.GetProperty("Node Type").GetString() is "Sort").SelectMany(node => node.GetProperty("Plans").EnumerateArray()).Sum(Rows);
                Assert.True(
                    read <= most && sorted <= Wanted + ManySummaries.Rare && !done.Any(node => node.GetProperty("Node Type").GetString() is "Seq Scan"),
                    $"{filter} by {sort}, page {page}: read {read}, sorted {sorted}\n{plan}");
                cursor = await many.FarOn($"?sort={sort}&{filter}") is { } next ? $"&cursor={next}" : null;
            }
        }
    }

    [Fact]
    public async Task An_order_that_holds_a_product_is_found_however_rare_it_is_in_the_place()
    {
        foreach (var (product, orders) in new[] { ("rare", ManySummaries.Rare), ("seasonal", ManySummaries.Seasonal), ("common", ManySummaries.Orders / 10) })
        {
            foreach (var sort in new[] { "createdAt", "-createdAt", "totalAmount", "-lastUpdated" }) Assert.Equal(orders, await many.Count($"?sort={sort}&productId={product}"));
        }
    }

    static IEnumerable<JsonElement> Executed(JsonElement node) => node.GetProperty("Actual Loops").GetInt64() == 0
        ? []
        : (node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Executed) : []).Prepend(node);

    static long Rows(JsonElement node) => node.GetProperty("Actual Loops").GetInt64() * (Number(node, "Actual Rows") + Number(node, "Rows Removed by Filter") + Number(node, "Rows Removed by Index Recheck"));

    static long Number(JsonElement node, string name) => node.TryGetProperty(name, out var number) ? (long)number.GetDouble() : 0;
}
