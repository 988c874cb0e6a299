namespace OrderMonolith.Specs;

/// <summary>Promises that a caller relies on, kept over HTTP on a real database.</summary>
public sealed class Journeys(Postgres postgres)
{
    [Fact]
    public async Task A_whole_checkout_is_one_request()
    {
        await using var monolith = await Monolith.Start(postgres);
        var created = await monolith.Send("POST", "/v1/orders", new
        {
            customerId = "c1",
            items = new[] { new { productId = "tea", quantity = 2, unitPrice = 9.50m } },
            confirm = true,
        });

        Assert.Equal(201, created.Status);
        Assert.Equal("\"3\"", created.Header("ETag"));
        Assert.Equal("Confirmed", created.Content.GetProperty("status").GetString());
        Assert.Equal(3, await monolith.Query<long>("select count(*) from events.mt_events"));
    }
}
