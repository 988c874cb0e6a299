using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OrderMonolith.Http;
using static OrderMonolith.Specs.Batches;

namespace OrderMonolith.Specs;

/// <summary>A summary that is lost is never made anew out of what comes after.</summary>
public sealed class LostSummaries(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Batches batches = new(one.Service);

    [Fact]
    public async Task The_order_takes_no_event_that_its_summary_could_not_take()
    {
        var (lost, other) = (await batches.NewOrder(), await batches.NewOrder());
        await using (var delete = one.Service.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"delete from views.mt_doc_order_summary where id = '{lost}'"))
            await delete.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var tasks = await batches.Together(On(other, Tea), On(lost, Tea), On(other, Tea));
        Assert.Equal(4, (await tasks[2]).Order?.Version);
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => tasks[1]);
        Assert.Equal("projection-behind", Assert.IsType<ProblemException>(refusal.GetBaseException()).Code);
        Assert.Equal(2, await one.Service.Query<long>($"select version from events.mt_streams where id = '{lost}'"));
        Assert.Equal(0, await one.Service.Query<long>($"select count(*) from views.mt_doc_order_summary where id = '{lost}'"));

        var over = await one.Service.Send("POST", $"/v1/orders/{lost}/items", new { productId = "tea", quantity = 1, unitPrice = 1 });
        Assert.Equal((503, "projection-behind"), (over.Status, over.Code));
        var summary = await one.Service.Send("GET", $"/v1/orders/{lost}/summary");
        Assert.Equal((503, "projection-behind"), (summary.Status, summary.Code));
        Assert.Equal(200, (await one.Service.Send("GET", $"/v1/orders/{lost}")).Status);
    }
}
