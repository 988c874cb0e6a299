namespace OrderMonolith.Specs;

/// <summary>Specs that try their luck do so for seconds, or, where <c>SPECS_THOROUGH</c> is <c>true</c>, for minutes.</summary>
static class Thorough
{
    public static bool Is { get; } = Environment.GetEnvironmentVariable("SPECS_THOROUGH") is "true";
}
