using OrderMonolith.Commands;
using OrderMonolith.Http;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>What a request's values may be. Rules are decided only on what keeps these.</summary>
public sealed class BoundsSpecs
{
    const string Teapot = "\U0001FAD6";

    static readonly string[] GoodIds = [
        "a", "SKU-1.2_3~x", "été", "日本", "a b", "0", "...", ".a", Guid.AllBitsSet.ToString(), Repeat("x", 64), Repeat(Teapot, 64)];

    static readonly string[] BadIds = [
        "", " ", " a", "a ", "\ta", "a\u00a0", "\u3000a", ".", "..", "a/b", "/", "a\\b", "a\nb", "a\0b", "\0", "\u007f", "a\u0085b", "a\u200bb", "a\u202eb",
        "\u2028", "\ue000", "\uffff", "\ud800", "a\udc00", "\udc00\ud800", Repeat("x", 65), Repeat(Teapot, 65)];

    [Fact]
    public void An_id_may_be_any_of_these() => Assert.All(GoodIds, id => Assert.Empty(Faults(new NewOrder(CustomerId: id, Items: [new(id, 1, 1)]))));

    [Fact]
    public void And_none_of_these() => Assert.All(BadIds, id =>
        Assert.Equal(["customerId", "items[0].productId"], Faults(new NewOrder(CustomerId: id, Items: [new(id, 1, 1)]))));

    [Theory, InlineData(1), InlineData(1_000_000)]
    public void A_quantity_may_be(int quantity) => Assert.Empty(Faults(new AddItem("tea", quantity, 1)).Concat(Faults(new RemoveItem("tea", quantity))));

    [Theory, InlineData(0), InlineData(-1), InlineData(int.MinValue), InlineData(1_000_001), InlineData(int.MaxValue)]
    public void A_quantity_may_not_be(int quantity) =>
        Assert.Equal(["quantity", "quantity"], [.. Faults(new AddItem("tea", quantity, 1)), .. Faults(new RemoveItem("tea", quantity))]);

    [Theory, InlineData("0"), InlineData("0.0001"), InlineData("1.2300000"), InlineData("999999.9999"), InlineData("1000000"), InlineData("1000000.0000000")]
    public void A_price_may_be(string price) => Assert.Empty(Faults(new AddItem("tea", 1, Money(price))));

    [Theory, InlineData("-0.0001"), InlineData("0.00001"), InlineData("1.23456"), InlineData("1000000.0001"), InlineData("79228162514264337593543950335")]
    public void A_price_may_not_be(string price) => Assert.Equal(["unitPrice"], Faults(new AddItem("tea", 1, Money(price))));

    [Fact]
    public void Texts_are_measured_in_code_points()
    {
        Assert.Empty(Faults(new AddItem("tea", 1, 1, Repeat(Teapot, 200))));
        Assert.Empty(Faults(new CancelOrder(Repeat(Teapot, 500))));
        Assert.Equal(["description"], Faults(new AddItem("tea", 1, 1, Repeat(Teapot, 201))));
        Assert.Equal(["reason"], Faults(new CancelOrder(new('x', 501))));
    }

    [Theory, InlineData(""), InlineData(" two\r\nlines\t"), InlineData("\u200d\u202e\u0001")]
    public void A_text_may_hold_anything_that_can_be_stored(string text) =>
        Assert.Empty(Faults(new AddItem("tea", 1, 1, text)).Concat(Faults(new CancelOrder(text))));

    [Fact]
    public void But_neither_U0000_nor_half_a_character()
    {
        foreach (var text in new[] { "\0", "a\0", "\ud83e", "\uded6\ud83e", "a\udc00b" })
            Assert.Equal(["description", "reason"], [.. Faults(new AddItem("tea", 1, 1, text)), .. Faults(new CancelOrder(text))]);
    }

    [Theory, InlineData("USD"), InlineData("EUR"), InlineData("JPY"), InlineData("XCG"), InlineData("XAD"), InlineData("ZWG"), InlineData("SLE")]
    public void A_currency_may_be(string code) => Assert.Empty(Faults(new NewOrder(CustomerId: "ada", Currency: code)));

    [Theory]
    [InlineData("usd"), InlineData("US"), InlineData("USDX"), InlineData(""), InlineData(" USD"), InlineData("ABC")]
    [InlineData("XXX"), InlineData("XTS"), InlineData("XAU")]
    [InlineData("BGN"), InlineData("HRK"), InlineData("ANG"), InlineData("SLL"), InlineData("ZWL"), InlineData("DEM")]
    public void A_currency_may_not_be(string code) => Assert.Equal(["currency"], Faults(new NewOrder(CustomerId: "ada", Currency: code)));

    [Fact]
    public void There_are_168_currencies_and_funds() => Assert.Equal(168, CurrencyAttribute.Codes.Count);

    [Fact]
    public void An_order_may_have_any_id_but_nil()
    {
        Assert.Empty(Faults(new NewOrder(OrderId: Guid.AllBitsSet)));
        Assert.Equal(["orderId"], Faults(new NewOrder(OrderId: Guid.Empty)));
    }

    [Fact]
    public void Every_item_is_checked() =>
        Assert.Equal(["items[1].quantity", "items[2].unitPrice"], Faults(new NewOrder(Items: [new("a", 1, 1), new("b", 0, 1), new("c", 1, -1)])));

    static IEnumerable<string> Faults(object request)
    {
        try
        {
            Bounded.Check(request);
            return [];
        }
        catch (ProblemException problem)
        {
            Assert.Equal("validation-failed", problem.Code);
            return problem.Errors!.Keys;
        }
    }

    static decimal Money(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
