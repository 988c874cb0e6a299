using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;

namespace OrderMonolith.Orders;

/// <summary>What an order's values may be, said once: rules, requests, imports and the API's description all read it here.</summary>
public static class Bounds
{
    /// <summary>Most lines an order may hold.</summary>
    public const int MostLines = 5_000;

    /// <summary>Most units that one request may add, and that one line may hold.</summary>
    public const int MostUnits = 1_000_000;

    /// <summary>Highest price of one unit.</summary>
    public const int HighestPrice = 1_000_000;

    /// <summary>Most decimals of a price.</summary>
    public const int PriceDecimals = 4;

    /// <summary>Longest id of a customer or product, in code points.</summary>
    public const int LongestId = 64;

    /// <summary>Longest reason of a cancellation, in code points.</summary>
    public const int LongestReason = 500;

    /// <summary>Longest description of an item, in code points.</summary>
    public const int LongestDescription = 200;

    /// <summary>Whether a text is well-formed Unicode without U+0000, which JSON and PostgreSQL cannot both hold.</summary>
    internal static bool IsStorable(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (rest[0] == '\0' || Rune.DecodeFromUtf16(rest, out _, out var used) != System.Buffers.OperationStatus.Done) return false;
            rest = rest[used..];
        }

        return true;
    }

    /// <summary>Length in code points, as PostgreSQL and people count.</summary>
    internal static int CodePoints(string text) => text.EnumerateRunes().Count();

    internal static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or
        UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

/// <summary>An opaque id that can stand in a path: 1 to 64 printable code points, no white space at the ends, no slash, not a dot or two.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public class OpaqueIdAttribute() : ValidationAttribute(
    "must be 1 to 64 printable characters without white space at the ends and without / or \\, and not . or ..")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not string id
        || (id.Length > 0 && Bounds.IsStorable(id) && Bounds.CodePoints(id) <= Bounds.LongestId && id.EnumerateRunes().All(Bounds.IsPrintable)
            && id.Trim() == id && !id.AsSpan().ContainsAny('/', '\\') && id is not ("." or ".."));
}

/// <summary>A customer's id: opaque to us, chosen by the shop.</summary>
public sealed class CustomerIdAttribute : OpaqueIdAttribute;

/// <summary>A product's id: opaque to us, chosen by the shop.</summary>
public sealed class ProductIdAttribute : OpaqueIdAttribute;

/// <summary>Units of one request: 1 to 1,000,000.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class QuantityAttribute : RangeAttribute
{
    /// <summary>Sets the bounds.</summary>
    public QuantityAttribute() : base(1, Bounds.MostUnits) => ErrorMessage = "must be a whole number from 1 to 1000000";
}

/// <summary>Price of one unit: 0 to 1,000,000 with at most 4 decimals.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UnitPriceAttribute() : ValidationAttribute("must be from 0 to 1000000 with at most 4 decimals")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not decimal price
        || (price is >= 0 and <= Bounds.HighestPrice && decimal.Round(price, Bounds.PriceDecimals) == price);
}

/// <summary>Free text of at most so many code points, without U+0000.</summary>
/// <param name="longest">Most code points.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public abstract class FreeTextAttribute(int longest) : ValidationAttribute(
    string.Create(CultureInfo.InvariantCulture, $"must be at most {longest} characters, without U+0000"))
{
    /// <summary>Most code points.</summary>
    public int Longest => longest;

    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not string text || (Bounds.IsStorable(text) && Bounds.CodePoints(text) <= longest);
}

/// <summary>Why an order is cancelled: at most 500 code points.</summary>
public sealed class ReasonAttribute() : FreeTextAttribute(Bounds.LongestReason);

/// <summary>What a product is called: at most 200 code points.</summary>
public sealed class DescriptionAttribute() : FreeTextAttribute(Bounds.LongestDescription);
