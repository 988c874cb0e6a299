using System.Text;
using OrderMonolith.Contracts;

namespace OrderMonolith.Specs;

/// <summary>Events that happened to nobody.</summary>
static class Events
{
    public static IEnumerable<PublicEvent> Of(int many)
    {
        for (var n = 1; n <= many; n++)
        {
            var (id, order) = (Guid.NewGuid(), Guid.NewGuid());
            yield return new(id, "order.item-added.v1", order, n, n, "nowhere", DateTimeOffset.UtcNow, Encoding.UTF8.GetBytes($$$"""{"specversion":"1.0","id":"{{{id}}}","type":"order.item-added.v1","subject":"{{{order}}}","data":{"productId":"tea","quantity":2,"unitPrice":9.5,"description":"{{{new string('x', 300)}}}"}}"""));
        }
    }
}
