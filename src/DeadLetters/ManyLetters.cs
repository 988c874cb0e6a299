using OrderMonolith.Http;

namespace OrderMonolith.DeadLetters;

/// <summary>What became, or would become, of one letter of many.</summary>
/// <param name="Id">The letter.</param>
/// <param name="State">What became of it; in a dry run, what it is.</param>
/// <param name="Problem">Why nothing was done about it, if that is so: the code of the problem.</param>
public sealed record LetterOutcome(string Id, LetterState? State, string? Problem = null);

/// <summary>What became, or would become, of many letters.</summary>
/// <param name="DryRun">Whether nothing was done.</param>
/// <param name="Items">The letters.</param>
/// <param name="More">Whether there are more that were meant: ask again for them.</param>
public sealed record ManyOutcomes(bool DryRun, IReadOnlyList<LetterOutcome> Items, bool More);

/// <summary>Many letters at once.</summary>
public static class ManyLetters
{
    /// <summary>Most of them.</summary>
    public const int Most = 1_000;

    extension(DeadLetterOffice office)
    {
        /// <summary>Has letters be tried again, each on its own.</summary>
        /// <param name="ids">Which.</param>
        /// <param name="dryRun">Whether only to say which would be.</param>
        /// <param name="by">Who wants it.</param>
        /// <param name="cancellation">Ends it between two letters.</param>
        public async Task<ManyOutcomes> RetryAll(IEnumerable<string> ids, bool dryRun, string by, CancellationToken cancellation)
        {
            var outcomes = new List<LetterOutcome>();
            foreach (var id in ids.Distinct())
            {
                try
                {
                    var letter = dryRun ? await office.Find(id, cancellation) : await office.Retry(id, null, by, cancellation);
                    outcomes.Add(new(id, letter.State));
                }
                catch (ProblemException e)
                {
                    outcomes.Add(new(id, null, e.Code));
                }
            }

            return new(dryRun, outcomes, More: false);
        }

        /// <summary>The same for those that wait and that a filter takes, the first to fail first.</summary>
        public async Task<ManyOutcomes> RetryAll(LetterFilter filter, bool dryRun, string by, CancellationToken cancellation)
        {
            var page = await office.Page(filter, null, Most);
            return (await office.RetryAll(page.Items.Select(letter => letter.Id), dryRun, by, cancellation)) with { More = page.Next is not null };
        }
    }
}
