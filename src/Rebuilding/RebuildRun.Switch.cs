using System.Data;
using System.Data.Common;
using Marten;
using Npgsql;
using OrderMonolith.Proofs;
using OrderMonolith.Storage;
using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <content>The second half: what was built is compared with what is read, and takes its place.</content>
public sealed partial class RebuildRun
{
    /// <summary>Compares all rows in one snapshot. An order that changed since it was built stays open until nobody writes.</summary>
    async Task Compare()
    {
        if (!isRead) return;
        var differs = string.Join(" or ", view.Columns.Keys.Prepend("mt_version").Select(column => $"was.{column} is distinct from built.{column}"));
        await Step(async session =>
        {
            open.Clear();
            var compared = session.Each($"""
                {Expected}
                select coalesce(was.id, built.id), was.data::text, built.data::text, {view.ColumnsAsJson("was.")}::text, {view.ColumnsAsJson("built.")}::text,
                       was.mt_version is distinct from built.mt_version and coalesce(was.mt_version, 0) >= expected.version
                from {tables.Live} was full join {tables.Next} built on built.id = was.id left join expected on expected.id = coalesce(was.id, built.id)
                where was.data::text is distinct from built.data::text or {differs}
                """, row => (Row: Difference(row), IsOpen: !row.IsDBNull(5) && row.GetBoolean(5)), stop, await Position(session));
            await foreach (var (difference, isOpen) in compared)
            {
                if (isOpen) open.Add(difference.OrderId);
                else Count(difference);
            }
        }, IsolationLevel.RepeatableRead);
        if (progress.Differences == 0 || rebuild.AcceptDifferences) return;

        // Nobody waits for what is still open any longer, and all that differs is to be told.
        foreach (var some in open.Chunk(MostAtOnce))
            await Step(async session => (await Differing(session, (await Fold(session, some)).Rows, some)).ForEach(Count), IsolationLevel.RepeatableRead);
        throw Refused();
    }

    /// <summary>Compares what was built of some orders with what is read of them in the same snapshot.</summary>
    async Task<List<Difference>> Differing(IQuerySession session, FoldedRows rows, Guid[] ids) => isRead ? [.. await rows.Differences(session, tables.Live, "id = any($4)", ids)] : [];

    Difference Difference(DbDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new(view.Name, row.GetGuid(0), OrderMonolith.Views.Difference.Between(Text(1), Text(2), Text(3), Text(4), rebuild.RollBack ? "was" : "should be"));
    }

    void Count(Difference difference)
    {
        if (!different.Add(difference.OrderId)) return;
        found(difference);
        var first = progress.FirstDifferences;
        progress = progress with { Differences = progress.Differences + 1, FirstDifferences = first.Count < RebuildProgress.MostKept ? [.. first, difference] : first };
    }

    /// <summary>Tries to switch for as long as those who read or write are in the way, more and more seldom.</summary>
    async Task Switch()
    {
        var (begin, pause) = (clock.GetTimestamp(), ShortestPause);
        while (!await TrySwitch())
        {
            if (clock.GetElapsedTime(begin) > Patience) throw new EndedException(RebuildState.Failed, "Those who read or write never left a moment to switch.");
            await Task.Delay(pause, clock, stop);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await CatchUp(again: true);
        }
    }

    /// <summary>Keeps those who write away, takes in their last changes, compares what is still open, and switches: all or nothing.</summary>
    /// <returns>False where those who write or read were in the way, or too much had changed.</returns>
    async Task<bool> TrySwitch()
    {
        var (late, before) = (new List<Difference>(), progress);
        try
        {
            await Step(async session =>
            {
                if (await tables.HasLongReaders(session)) return;
                var held = clock.GetTimestamp();
                if (isRead) await tables.HoldWriters(session);
                Guid[] changed = [.. (await Since(session, since!.Value)).Select(order => order.Id).Union(open)];
                if (changed.Length > MostAtOnce + open.Count) return;

                var (rows, _) = await Fold(session, changed);
                late = await Differing(session, rows, changed);
                if (late.Count > 0 && !rebuild.AcceptDifferences) throw Refused();

                if (!isRead) await StandThere(session);
                await tables.Switch(session);
                late.ForEach(Count);
                progress = progress with
                {
                    State = RebuildState.Switched,
                    EventsBehind = 0,
                    EndedAt = clock.GetUtcNow(),
                    WritersHeldMilliseconds = Math.Round(clock.GetElapsedTime(held).TotalMilliseconds, 1),
                };
            });
        }
        catch (Exception e) when (e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected })
        {
            progress = before;
            return false;
        }
        catch (EndedException)
        {
            late.ForEach(Count);
            throw;
        }

        return progress.State is RebuildState.Switched;
    }

    /// <summary>A view of another fold that follows from behind goes on behind what was built of it.</summary>
    async Task StandThere(IQuerySession session)
    {
        if (view.Shard is not { } shard) return;
        if (!await session.Value<bool>("select not exists (select from events.mt_event_progression where name = $1)", shard))
            throw new EndedException(RebuildState.Failed, "A node of this version began to keep the view meanwhile.");
        await session.Do("insert into events.mt_event_progression (name, last_seq_id) select $1, $2 where $2 > 0", shard, since!.Value);
    }

    /// <summary>Who had read a row that was wrong may have written it once more, a moment after the switch. What is gone back to need not be what this build would make.</summary>
    async Task LookAgain()
    {
        if (different.Count == 0 || rebuild.RollBack || since is not { } place) return;
        try
        {
            await Repair(place);
        }
        catch (Exception e) when (StorageFault.Is(e))
        {
            progress = progress with { Why = "It was switched, but not all that changed meanwhile could be looked at again: run 'verify --repair'." };
        }
    }

    async Task Repair(long place)
    {
        await Task.Delay(Moment, clock, stop);
        await SettledPosition.Of(database, _ => { }, stop);
        await using var session = store.QuerySession();
        Guid[] changed = [.. (await Since(session, place)).Select(order => order.Id).Where(different.Contains)];
        foreach (var some in changed.Chunk(MostAtOnce)) await new Proofs.Repair(store, clock, stop).Of(await new Verification(store, stop).Of(some));
    }
}
