namespace OrderMonolith.Orders;

/// <summary>Amounts of money, exact.</summary>
public static class Amounts
{
    /// <summary>Divided by it a decimal keeps its value and loses its trailing zeros, so that the same amount is always the same bytes.</summary>
    public const decimal Scaleless = 1.0000000000000000000000000000m;
}
