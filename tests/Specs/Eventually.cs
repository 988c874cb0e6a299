using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrderMonolith.Specs;

/// <summary>Waits for what has to come, however slow the machine is.</summary>
public static class Eventually
{
    /// <summary>Nothing takes so long: it hangs.</summary>
    public static readonly TimeSpan Never = TimeSpan.FromMinutes(4);

    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns when something holds.</summary>
    public static async Task That(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string? what = null)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(Breath, TestContext.Current.CancellationToken))
            Assert.True(clock.Elapsed < Never, $"Not within {Never}: {what}");
    }
}
