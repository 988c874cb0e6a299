namespace OrderMonolith.Bus;

/// <summary>Work of which some has to be done one after another, in the order in which it was given, and all else at once.</summary>
/// <typeparam name="T">What tells the one from the other.</typeparam>
public sealed class Turns<T>
    where T : notnull
{
    readonly Lock gate = new();
    readonly Dictionary<T, Turn> last = [];

    sealed class Turn
    {
        public Task Ended { get; set; } = Task.CompletedTask;
    }

    /// <summary>Does work, which throws nothing, as soon as all is done that was given for the same thing before.</summary>
    public void Take(T thing, Func<Task> work)
    {
        lock (gate)
        {
            var (before, mine) = (last.GetValueOrDefault(thing)?.Ended ?? Task.CompletedTask, new Turn());
            last[thing] = mine;
            mine.Ended = Do(before, thing, mine, work);
        }
    }

    /// <summary>Ends when all is done that has been given.</summary>
    public Task Done()
    {
        lock (gate) return Task.WhenAll(last.Values.Select(turn => turn.Ended));
    }

    async Task Do(Task before, T thing, Turn mine, Func<Task> work)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await work();
        lock (gate)
        {
            if (last[thing] == mine) last.Remove(thing);
        }
    }
}
