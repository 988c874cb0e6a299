using System.Collections.Concurrent;
using OrderMonolith.Orders;

namespace OrderMonolith.Commands;

/// <summary>Lets one command with a key run at a time in this process: its repeats wait for its end.</summary>
sealed class KeysUnderway(TimeProvider clock)
{
    /// <summary>How long a repeat waits for the first request with its key.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<string, Task> underway = [];

    /// <summary>Runs a command as soon as no other with its key runs; answers <c>idempotency-key-in-use</c> where that takes too long.</summary>
    public async Task<Outcome> Once(CommandKey key, Func<Task<Outcome>> run)
    {
        var ended = new TaskCompletionSource();
        for (Task? patience = null; underway.GetOrAdd(key.Id, ended.Task) is var first && first != ended.Task;)
            if (await Task.WhenAny(first, patience ??= Task.Delay(Patience, clock)) == patience) return Outcome.Refused(Rejections.KeyInUse);

        try
        {
            return await run();
        }
        finally
        {
            underway.TryRemove(key.Id, out _);
            ended.SetResult();
        }
    }
}
