using Marten;

namespace OrderMonolith.Deliveries;

/// <summary>The targets that events are noted for, and what else is to be delivered to them. All of it happens when the session is saved.</summary>
public static class RegisteredTargets
{
    extension(IDocumentOperations session)
    {
        /// <summary>Has all events be noted for a target that are appended from now on. One that is there stays as it is.</summary>
        /// <param name="name">The target.</param>
        /// <param name="types">The event types that it gets; none: all.</param>
        /// <remarks>The feeder may be far behind, as in a store that was there before it: what it has yet to come to is no news.</remarks>
        public void AddTarget(string name, IEnumerable<string> types) => session.QueueSqlCommand(
            "insert into outward.targets (name, types, after, paused) select ?, ?, greatest((select position from outward.published), (select last_seq_id from events.mt_event_progression where name = 'HighWaterMark'), 0), false on conflict do nothing",
            name, types.ToArray());

        /// <summary>Changes which event types a target gets, from the next that is noted on.</summary>
        public void ChangeTarget(string name, IEnumerable<string> types) => session.QueueSqlCommand("update outward.targets set types = ? where name = ?", types.ToArray(), name);

        /// <summary>Has what is noted for a target wait, or go out again.</summary>
        public void PauseTarget(string name, bool paused) => session.QueueSqlCommand("update outward.targets set paused = ? where name = ?", paused, name);

        /// <summary>Ends all that waits for a target, and forgets what was tried.</summary>
        public void RemoveTarget(string name)
        {
            foreach (var rows in (string[])["targets where name", "deliveries where target", "attempts where target"]) session.QueueSqlCommand($"delete from outward.{rows} = ?", name);
        }

        /// <summary>Has what waits for a target be tried at once.</summary>
        public void HurryTarget(string name) => session.QueueAndTell(
            "update outward.deliveries set due = now() where target = ? and due > now() and given_up_at is null and claimed_until is null", name);

        /// <summary>Delivers an event to a target, once more if it has it already.</summary>
        public void Redeliver(string name, Guid orderId, long version) => session.Note(name, "e.stream_id = ? and e.version = ?", orderId, version);

        /// <summary>Delivers a stretch of the store's history to a target, once more where it has it already. What waits for the target anyway is not noted twice.</summary>
        /// <param name="name">The target.</param>
        /// <param name="types">Only events of these types; none: all.</param>
        /// <param name="after">Those behind this sequence.</param>
        /// <param name="since">Those that happened at this time or later.</param>
        /// <param name="upTo">The last sequence that counts, unless the target began behind it; what is behind both comes by itself.</param>
        public void Replay(string name, IReadOnlyCollection<string> types, long after, DateTimeOffset since, long upTo) => session.Note(
            name, "(?::text[] = '{}' or n.told = any(?)) and e.seq_id > ? and e.timestamp >= ? and e.seq_id <= greatest(?, (select after from outward.targets where name = ?))",
            types.ToArray(), types.ToArray(), after, since.ToUniversalTime(), upTo, name);

        /// <summary>Notes events for a target, by the contracts that tell of them under each name that they have or had.</summary>
        void Note(string name, string which, params object[] values)
        {
            var (stored, told) = Feeder.Names(session.DocumentStore);
            session.QueueAndTell($"""
                insert into outward.deliveries (target, order_id, version, sequence, type, due, attempts)
                select ?, e.stream_id, e.version, e.seq_id, n.told, now(), 0
                from events.mt_events e join unnest(?, ?) n(stored, told) on n.stored = e.type
                where {which}
                on conflict (target, order_id, version) do update set due = now(), given_up_at = null, attempts = 0
                """,
                [name, stored, told, .. values]);
        }

        void QueueAndTell(string sql, params object[] values)
        {
            session.QueueSqlCommand(sql, values);
            session.QueueSqlCommand($"notify {Feeder.Channel}");
        }
    }
}
