using System.Text;
using OrderMonolith.Import;

namespace OrderMonolith.Specs;

/// <summary>How a file is cut into records, and what of them is kept in memory.</summary>
public sealed class ImportRecords
{
    static readonly string Long = new('x', CsvRecords.LargestRecord);

    public static TheoryData<string, string[]> Files => new()
    {
        { "", [] },
        { "a,b\nc,d", ["a|b", "c|d"] },
        { "a,b\r\n\r\n\nc,d\r\n", ["a|b", "c|d"] },
        { "\ufeffa,\n", ["a|"] },
        { ",\n\"\",\n", ["|", "|"] },
        { "\"a,\"\"b\"\"\",\"c\nd\r\ne\"\nf", ["a,\"b\"|c\nd\r\ne", "f"] },
        { "\"a\"", ["a"] },
        { "a,b\r\nc,d\r", ["a|b", "c|d"] },
        { "a\"b,c\nd", ["! a\"b,c", "d"] },
        { "\"a\"b,c\nd", ["! \"a\"b,c", "d"] },
        { "a\rb\nc", ["! a\rb", "c"] },
        { "\"a\nb\nc,\"d\"\ne", ["! \"a", "b", "c|d", "e"] },
        { "a,\"b\r\nc\nd", ["! a,\"b", "c", "d"] },
        { $"{Long}\na", [Long, "a"] },
        { $"{Long}yz\na", [$"! {Long}", "a"] },
        { $"a,\"{Long}\nb\"\nc", [$"! a,\"{Long[3..]}", "! b\"", "c"] },
        { $"{Long}{Long}{Long}", [$"! {Long}"] },
        { $"\"a\n{Long}\n{Long}\nb,\"\"\n", ["! \"a", Long, Long, "b|"] },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Files))]
    public void What_is_malformed_spoils_its_own_line_only_however_the_bytes_come(string file, string[] records)
    {
        foreach (var most in (int[])[file.Length < 100 ? 1 : 999, 4_096, int.MaxValue])
        {
            using var stream = new Trickle(Encoding.UTF8.GetBytes(file), most);
            Assert.Equal(records, new CsvRecords(stream).Read().Select(r => r.Fields is { } fields ? string.Join('|', fields) : $"! {Encoding.UTF8.GetString(r.Text)}"));
        }
    }

    [Fact]
    public void A_huge_invoice_takes_no_more_memory_than_a_large_one_and_stays_open_as_long()
    {
        var open = new OpenInvoices();
        for (var n = 1L; n <= 3 * Invoice.MostRows; n++) Assert.Equal(n <= Invoice.MostRows, open.TryAdd(Row(n, "1")));
        Assert.False(open.TryClose((3 * Invoice.MostRows) + OpenInvoices.Patience, out _));
        Assert.True(open.TryClose((3 * Invoice.MostRows) + OpenInvoices.Patience + 1, out var invoice));
        Assert.Equal(Invoice.MostRows, invoice.Rows.Count);
    }

    [Fact]
    public void However_long_the_rows_are_that_lie_between_each_other_only_so_many_are_held()
    {
        var (open, held, most) = (new OpenInvoices(), 0L, 0L);
        for (var n = 1L; n <= 9_000; n++)
        {
            while (open.TryClose(n, out var closed)) held -= closed.Size;
            Assert.True(open.TryAdd(Row(n, $"{n % 3_000}", 10_000)));
            most = Math.Max(most, held += 10_000);
        }

        Assert.InRange(most, 10_000_000, 20_000_000);
    }

    static LegacyRow Row(long number, string invoice, int length = 80) => new(number, new byte[length], invoice, "A", null, 1, DateTimeOffset.UnixEpoch, 1, "c1");

    /// <summary>A stream that gives a few bytes at a time.</summary>
    sealed class Trickle(byte[] content, int most) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, most));
    }
}
