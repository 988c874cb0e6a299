using System.Collections.Concurrent;

namespace OrderMonolith.Specs;

/// <summary>Paging by the time of creation, while orders are created.</summary>
public sealed class OrderListWalks(OneMonolith one) : IClassFixture<OneMonolith>
{
    readonly Monolith service = one.Service;

    [Theory]
    [InlineData("sort=createdAt")]
    [InlineData("sort=-createdAt")]
    public async Task Nothing_is_missed_and_nothing_comes_twice(string sort)
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Create()));
        var left = new ConcurrentQueue<int>(Enumerable.Range(0, 60));
        var traffic = Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            while (left.TryDequeue(out var _)) await Create();
        }));
        var created = 0;
        var walked = (await service.Walk(sort, 3, between: () => ++created > 20 ? Task.CompletedTask : Create())).ConvertAll(o => o.Id());
        await traffic;

        var all = (await service.Query<Guid[]>("select array_agg(id order by created_at, id) from views.mt_doc_order_summary")).AsEnumerable();
        Assert.Equal(sort is "sort=createdAt" ? all.Take(walked.Count) : all.Reverse().SkipWhile(id => id != walked[0]), walked);
        Assert.InRange(walked.Count, 40, int.MaxValue);
    }

    async Task Create() => Assert.Equal(201, (await service.Send("POST", "/v1/orders", new { customerId = "ada" })).Status);
}
