using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using JasperFx.Events;
using OrderMonolith.Commands;
using OrderMonolith.Insights;
using OrderMonolith.Orders;
using OrderMonolith.OrderSummaries;
using OrderMonolith.WorkList;

namespace OrderMonolith.Specs;

/// <summary>The same 500 histories for ever, lawful or not: what they fold to is stored in every database, so it changes only with a projection's version.</summary>
public sealed class FoldCorpus
{
    const string Changed = "Stored views hold what the old fold made. Give the projection a new Version, so that they are built anew, and then pin it here with ";

    [Fact]
    public void Orders_fold_as_they_did() =>
        Pinned<Order>("orders", 1, "b7378da988db0fcf8948377e24d21f6af78c95d4d387ec0572ce1162691c2207", new OrderProjection().Name, new OrderProjection().Version, new OrderProjection().Evolve);

    [Fact]
    public void Summaries_fold_as_they_did() =>
        Pinned<OrderSummary>("order_summaries", 1, "bb19ba92869bef0b609767bfdb8654a49222bd4260219fd8e1f602c069b6ddfd", new OrderSummaryProjection().Name, new OrderSummaryProjection().Version, new OrderSummaryProjection().Evolve);

    [Fact]
    public void Sales_fold_as_they_did() =>
        Pinned<Sale>("sales", 1, "755fbbb7637972546ec4d01fb77d3ec56ec3d3ef83db0d05e05c54e8e45912ab", new SaleProjection().Name, new SaleProjection().Version, new SaleProjection().Evolve);

    [Fact]
    public void The_work_list_folds_as_it_did() =>
        Pinned<WorkItem>("work_list", 1, "0b8347b3f1cebeb8a5ed24a38be8c060e3fc046312ef78ca4cc941081fec746b", new WorkListProjection().Name, new WorkListProjection().Version, new WorkListProjection().Evolve);

    static void Pinned<T>(string name, uint version, string hash, string nameNow, uint versionNow, Func<T?, Guid, IEvent, T?> evolve)
        where T : class
    {
        Assert.Equal((name, version), (nameNow, versionNow));
        var folded = Histories().Select(history => history.Aggregate((T?)null, (state, e) => evolve(state, e.StreamId, e)));
        var now = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', folded.Select(state => JsonSerializer.Serialize(state, Json.Stored))))));
        Assert.True(now == hash, $"'{name}' version {version} folds differently. {Changed}{now}.");
    }

    static IEnumerable<List<IEvent>> Histories()
    {
        var draw = new Draw();
        for (var i = 1; i <= 500; i++)
        {
            var id = new Guid(i, 0, 0, new byte[8]);
            yield return [.. Enumerable.Range(1, 1 + draw.Below(30)).Select(version => Stored(id, version, version == 1 ? new OrderCreated($"c{i % 7}", draw.Of("USD", "JPY")) : Fact(draw)))];
        }
    }

    static OrderEvent Fact(Draw draw) => draw.Below(20) switch
    {
        < 11 => new ItemAdded(draw.Of("tea", "Tea", "mug", "日本"), 1 + draw.Below(5), draw.Of(0m, 0.0001m, 9.5m, 9.50m, 1_000_000m), draw.Of(null, "Earl \"Grey\"", "<ü>")),
        < 18 => new ItemRemoved(draw.Of("tea", "Tea", "mug", "日本"), 1 + draw.Below(7), draw.Of(0m, 0.0001m, 9.5m, 1_000_000m)),
        18 => new OrderConfirmed(),
        _ => new OrderCancelled(draw.Of(null, "changed my mind")),
    };

    static IEvent Stored(Guid id, int version, OrderEvent fact)
    {
        var e = ((object)fact).AsEvent();
        (e.StreamId, e.Version, e.Timestamp) = (id, version, Specification.Noon.AddMinutes(version));
        return e;
    }

    /// <summary>Draws that are the same on every machine and with every framework.</summary>
    sealed class Draw
    {
        ulong state = 42;

        public int Below(int limit)
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            return (int)((state >> 33) % (ulong)limit);
        }

        public T Of<T>(params ReadOnlySpan<T> some) => some[Below(some.Length)];
    }
}
