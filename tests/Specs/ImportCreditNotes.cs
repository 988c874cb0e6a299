using OrderMonolith.Import;
using OrderMonolith.Orders;

namespace OrderMonolith.Specs;

/// <summary>Which orders credit notes cancel.</summary>
public sealed class ImportCreditNotes(Postgres postgres)
{
    [Fact]
    public async Task A_note_that_returns_all_of_an_order_cancels_it_at_the_notes_time()
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop
            .Row("C9", "A", "-2", time: "2010-12-02T10:00:00Z") // before the order in the file: notes are decided after all orders
            .Row("1", "A", "5").Row("1", "B", "3", "1.00")
            .Row("C9", "B", "-3", "1.0000", time: "2010-12-02T10:01:00Z")
            .Row("C9", "A", "-3", time: "2010-12-02T10:02:00Z")
            .Import();

        var order = await shop.Order("1");
        Assert.Equal((OrderStatus.Cancelled, "credit note C9"), (order!.Status, order.CancelReason));
        Assert.Equal(new DateTimeOffset(2010, 12, 2, 10, 2, 0, TimeSpan.Zero), order.LastUpdated);
        Assert.Equal(["import online-retail/C9"], await shop.Query("select user_name || ' ' || causation_id from events.mt_events where type = 'order_cancelled'"));
        Assert.Equal((5, 0, 1, 1, 5), (summary.Accepted, summary.Refused, summary.CreditNotesApplied, summary.OrdersCancelled, summary.EventsAppended));
    }

    [Theory]
    [InlineData("fewer units", "A", "-4", "2.55", "17850", "2010-12-02T10:00:00Z")]
    [InlineData("more units", "A", "-6", "2.55", "17850", "2010-12-02T10:00:00Z")]
    [InlineData("another price", "A", "-5", "2.54", "17850", "2010-12-02T10:00:00Z")]
    [InlineData("another product of the same amount", "B", "-5", "2.55", "17850", "2010-12-02T10:00:00Z")]
    [InlineData("another customer", "A", "-5", "2.55", "17851", "2010-12-02T10:00:00Z")]
    [InlineData("before the order", "A", "-5", "2.55", "17850", "2010-12-01T08:25:59Z")]
    public async Task Any_other_note_is_a_partial_return(string why, string product, string quantity, string price, string customer, string time)
    {
        await using var shop = await LegacyShop.Open(postgres);
        var summary = await shop.Row("1", "A", "5").Row("C9", product, quantity, price, customer, time).Import();

        Assert.True(shop.Refused() is ["2 partial-return"], why);
        Assert.Equal((OrderStatus.Confirmed, 1), ((await shop.Order("1"))!.Status, summary.CreditNotesRefused));
    }

    [Fact]
    public async Task A_guests_note_cancels_nothing()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", "5", customer: "").Row("C9", "A", "-5", customer: "").Import();
        Assert.Equal(["2 partial-return"], shop.Refused());
        Assert.Equal("guest", (await shop.Order("1"))!.CustomerId);
    }

    [Fact]
    public async Task A_note_of_the_orders_own_minute_returns_it_and_never_ends_before_its_last_event()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", "5").Row("1", "B", "1", time: "2010-12-01T09:00:00Z").Row("C9", "A", "-5").Row("C9", "B", "-1").Import();
        Assert.Equal((OrderStatus.Cancelled, 9), ((await shop.Order("1"))!.Status, (await shop.Order("1"))!.LastUpdated.Hour));
    }

    [Fact]
    public async Task Of_several_such_orders_the_latest_is_returned_and_of_two_at_once_the_higher_invoice_number()
    {
        await using var shop = await LegacyShop.Open(postgres);
        shop.Row("100", "A", "5", time: "2010-12-01T08:00:00Z").Row("99", "A", "5", time: "2010-12-01T09:00:00Z").Row("1000", "A", "5", time: "2010-12-01T09:00:00Z");
        shop.Row("5", "A", "5", time: "2010-12-03T09:00:00Z");
        foreach (var note in new[] { "C1", "C2", "C3", "C4" }) shop.Row(note, "A", "-5", time: "2010-12-02T10:00:00Z");
        await shop.Import();

        Assert.Equal(
            ["credit note C1", "credit note C2", "credit note C3", null],
            [(await shop.Order("1000"))!.CancelReason, (await shop.Order("99"))!.CancelReason, (await shop.Order("100"))!.CancelReason, (await shop.Order("5"))!.CancelReason]);
        Assert.Equal(["8 partial-return"], shop.Refused());
    }

    [Fact]
    public async Task Notes_are_decided_in_file_order_by_their_first_rows()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", "5").Row("C2", "A", "-2").Row("C1", "A", "-5").Row("C2", "A", "-3").Import();
        Assert.Equal("credit note C2", (await shop.Order("1"))!.CancelReason);
        Assert.Equal(["3 partial-return"], shop.Refused());
    }

    [Fact]
    public async Task A_row_of_a_note_that_takes_nothing_back_is_refused_and_the_rest_goes_on()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", "5").Row("C9", "A", "5").Row("C9", "A", "-5").Import();
        Assert.Equal(["2 validation-failed"], shop.Refused());
        Assert.Equal(OrderStatus.Cancelled, (await shop.Order("1"))!.Status);
    }

    [Fact]
    public async Task A_note_applied_before_is_not_applied_to_another_order()
    {
        await using var shop = await LegacyShop.Open(postgres);
        await shop.Row("1", "A", "5", time: "2010-12-01T08:00:00Z").Row("C9", "A", "-5").Import();
        var again = await shop.Row("2", "A", "5", time: "2010-12-01T08:01:00Z").Import();

        Assert.Equal((OrderStatus.Cancelled, OrderStatus.Confirmed), ((await shop.Order("1"))!.Status, (await shop.Order("2"))!.Status));
        Assert.Equal((3, 2, 0, 1), (again.Accepted, again.AlreadyThere, again.CreditNotesApplied, again.CreditNotesAlreadyThere));
    }

    [Theory]
    [InlineData("online-retail/99", "online-retail/100")]
    [InlineData("online-retail/0099", "online-retail/100")]
    [InlineData("online-retail/99", "online-retail/99A")]
    [InlineData("0123-from-elsewhere", "online-retail/1")]
    [InlineData(null, "online-retail/1")]
    public void Invoice_numbers_compare_as_people_count(string? lower, string higher) => Assert.True(new InvoiceOrder().Compare(lower, higher) < 0);
}
