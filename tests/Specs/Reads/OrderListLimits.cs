using Npgsql;

namespace OrderMonolith.Specs;

/// <summary>A list that cannot be found in time.</summary>
public sealed class OrderListLimits(OneMonolith one) : IClassFixture<OneMonolith>
{
    const string List = "/v1/orders?currency=EUR&minTotal=10";

    [Fact]
    public async Task Whoever_waits_for_it_is_told_what_to_ask_instead_and_the_next_list_comes_as_ever()
    {
        Assert.Equal(200, (await one.Service.Send("GET", List)).Status);
        await using var owner = new NpgsqlConnection(one.Service.ConnectionString);
        await owner.OpenAsync(TestContext.Current.CancellationToken);
        await using (var holding = await owner.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await using var everything = new NpgsqlCommand("lock table views.mt_doc_order_summary", owner, holding);
            await everything.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var late = await one.Service.Send("GET", List);

            Assert.True((late.Status, late.Code) is (503, "query-too-slow"), late.Body);
            Assert.Contains("2 seconds", late.Body, StringComparison.Ordinal);
            Assert.Contains("customerId", late.Body, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await one.Service.Send("GET", List)).Status);
    }
}
