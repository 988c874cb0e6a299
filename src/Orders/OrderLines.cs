using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Prices = System.Collections.Immutable.ImmutableSortedDictionary<decimal, int>;

namespace OrderMonolith.Orders;

/// <summary>A product at a price. The same product at another price is another line.</summary>
/// <param name="ProductId">The product.</param>
/// <param name="Quantity">Units ordered, 1 or more.</param>
/// <param name="UnitPrice">Price of one unit, in the order's currency.</param>
/// <param name="Description">The last description given for the line, if any.</param>
public sealed record OrderLine(string ProductId, int Quantity, decimal UnitPrice, string? Description = null);

/// <summary>The lines of an order in the order of their first add. Immutable; every change costs O(log lines).</summary>
/// <remarks>Facts that no rule allows, such as units below 1, change nothing: a fold takes history as it is and never throws.</remarks>
[JsonConverter(typeof(AsArray))]
public sealed class OrderLines : IReadOnlyCollection<OrderLine>, IEquatable<OrderLines>
{
    /// <summary>No lines.</summary>
    public static OrderLines None { get; } = new(
        ImmutableSortedDictionary<int, OrderLine>.Empty, ImmutableDictionary.Create<string, Prices>(StringComparer.Ordinal), 0, 0);

    readonly ImmutableSortedDictionary<int, OrderLine> byPlace;
    readonly ImmutableDictionary<string, Prices> products;
    readonly int nextPlace;

    OrderLines(ImmutableSortedDictionary<int, OrderLine> byPlace, ImmutableDictionary<string, Prices> products, int nextPlace, decimal total) =>
        (this.byPlace, this.products, this.nextPlace, Total) = (byPlace, products, nextPlace, total);

    /// <summary>Number of lines.</summary>
    public int Count => byPlace.Count;

    /// <summary>Number of distinct products.</summary>
    public int Products => products.Count;

    /// <summary>Sum of quantity × unit price over the lines, exact.</summary>
    public decimal Total { get; }

    /// <summary>The lines of one product, the most recently added price first; none where the order lacks the product.</summary>
    public IEnumerable<OrderLine> Of(string productId) =>
        products.TryGetValue(productId, out var prices) ? prices.Values.OrderDescending().Select(place => byPlace[place]) : [];

    /// <summary>The line of a product at a price, if there is one.</summary>
    public OrderLine? Find(string productId, decimal unitPrice) =>
        PlaceOf(productId, unitPrice) is { } place ? byPlace[place] : null;

    /// <summary>With more units of a product at a price: on its line if there is one, else on a new last line.</summary>
    public OrderLines Add(string productId, int quantity, decimal unitPrice, string? description)
    {
        if (quantity < 1) return this;

        if (PlaceOf(productId, unitPrice) is not { } place)
            return new(
                byPlace.Add(nextPlace, new(productId, quantity, unitPrice, description)),
                products.SetItem(productId, products.GetValueOrDefault(productId, Prices.Empty).Add(unitPrice, nextPlace)),
                nextPlace + 1,
                TotalWith(quantity, unitPrice));

        var line = byPlace[place];
        var more = (int)Math.Min((long)line.Quantity + quantity, int.MaxValue);
        return new(
            byPlace.SetItem(place, line with { Quantity = more, Description = description ?? line.Description }),
            products,
            nextPlace,
            TotalWith(more - line.Quantity, unitPrice));
    }

    /// <summary>With fewer units of a product at a price; a line that loses its last unit goes.</summary>
    public OrderLines Remove(string productId, int quantity, decimal unitPrice)
    {
        if (quantity < 1 || PlaceOf(productId, unitPrice) is not { } place) return this;

        var line = byPlace[place];
        if (line.Quantity > quantity)
            return new(byPlace.SetItem(place, line with { Quantity = line.Quantity - quantity }), products, nextPlace, TotalWith(-quantity, unitPrice));

        var others = products[productId].Remove(unitPrice);
        return new(
            byPlace.Remove(place),
            others.IsEmpty ? products.Remove(productId) : products.SetItem(productId, others),
            nextPlace,
            TotalWith(-line.Quantity, unitPrice));
    }

    int? PlaceOf(string productId, decimal unitPrice) =>
        products.TryGetValue(productId, out var prices) && prices.TryGetValue(unitPrice, out var place) ? place : null;

    /// <summary>Exact for every price that the rules allow; beyond what a decimal holds it stays at the end of the range.</summary>
    decimal TotalWith(int units, decimal unitPrice)
    {
        try
        {
            return Total + units * unitPrice;
        }
        catch (OverflowException)
        {
            return units < 0 == unitPrice < 0 ? decimal.MaxValue : decimal.MinValue;
        }
    }

    /// <inheritdoc />
    public IEnumerator<OrderLine> GetEnumerator() => byPlace.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc />
    public bool Equals(OrderLines? other) => other is not null && this.SequenceEqual(other);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as OrderLines);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Count, Total);

    sealed class AsArray : JsonConverter<OrderLines>
    {
        public override OrderLines Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<OrderLine[]>(ref reader, options)!
                .Aggregate(None, (lines, l) => lines.Add(l.ProductId, l.Quantity, l.UnitPrice, l.Description));

        public override void Write(Utf8JsonWriter writer, OrderLines value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize<IEnumerable<OrderLine>>(writer, value, options);
    }
}
