using Marten;
using OrderMonolith.Views;

namespace OrderMonolith.Rebuilding;

/// <summary>Where a view's rows lie: those that are read, those that are made anew beside them, and those that were read before. They change places, never names.</summary>
public sealed class ViewTables
{
    /// <summary>Where views are built.</summary>
    public const string NextSchema = "views_next";

    /// <summary>Where views are kept that another has taken the place of.</summary>
    public const string OldSchema = "views_old";

    readonly string schema;
    readonly string name;

    /// <summary>The tables of a view.</summary>
    public ViewTables(StoredView view)
    {
        (schema, name) = view.Table.Split('.') is [var where, var what] ? (where, what) : throw new ArgumentException($"{view.Table} is not the name of a table.");
        (Live, Next, Old) = (view.Table, $"{NextSchema}.{name}", $"{OldSchema}.{name}");
    }

    /// <summary>What is read.</summary>
    public string Live { get; }

    /// <summary>What is built.</summary>
    public string Next { get; }

    /// <summary>What was read before.</summary>
    public string Old { get; }

    /// <summary>Whether there is one that was read before.</summary>
    public Task<bool> HasOld(IQuerySession session) => Exists(session, Old);

    /// <summary>Whether something is being built.</summary>
    public Task<bool> HasNext(IQuerySession session) => Exists(session, Next);

    /// <summary>Makes an empty table beside the one that is read, with all of its but the indexes, which are made faster when it is full.</summary>
    public async Task Begin(IQuerySession session)
    {
        // Two views may be built at once, and each finds that there is no schema yet.
        await session.Do("select pg_advisory_xact_lock(hashtextextended($1, 0))", NextSchema);
        foreach (var place in new[] { NextSchema, OldSchema })
            if (!await session.Value<bool>("select to_regnamespace($1) is not null", place)) await session.Do($"create schema {place}");
        await session.Do($"drop table if exists {Next}");
        await session.Do($"create table {Next} (like {Live} including defaults including storage)");
        await All(session, """
            select format('alter table %s set (%s)', $2, array_to_string(reloptions, ', ')) from pg_class where oid = $1::regclass and reloptions is not null
            union all
            select format('alter table %s add constraint %I %s', $2, conname, pg_get_constraintdef(oid)) from pg_constraint where conrelid = $1::regclass and contype = 'p'
            union all
            select format('alter table %s owner to %I', $2, pg_get_userbyid(relowner)) from pg_class where oid = $1::regclass and pg_get_userbyid(relowner) <> current_user
            union all
            select format('grant %s on %s to %I', string_agg(privilege_type, ', '), $2, pg_get_userbyid(grantee))
            from pg_class, aclexplode(relacl) where oid = $1::regclass and grantee not in (0, relowner) group by grantee
            """);
    }

    /// <summary>Gives what is built the indexes of what is read, under the same names. Those that are there already stay.</summary>
    public async Task Index(IQuerySession session)
    {
        await All(session, """
            select regexp_replace(pg_get_indexdef(i.indexrelid), '^(CREATE (?:UNIQUE )?INDEX) (.*?) ON \S+', '\1 IF NOT EXISTS \2 ON ' || $2)
            from pg_index i where i.indrelid = $1::regclass and not i.indisprimary order by i.indexrelid
            """);
        await session.Do($"analyze {Next}");
    }

    /// <summary>Whether what is built has the columns of what is read; one that was kept over an upgrade may lack some.</summary>
    public Task<bool> HaveTheSameColumns(IQuerySession session) => session.Value<bool>("""
        select array_agg((attname, atttypid)::text order by attname) filter (where attrelid = $1::regclass) = array_agg((attname, atttypid)::text order by attname) filter (where attrelid = $2::regclass)
        from pg_attribute where attrelid in ($1::regclass, $2::regclass) and attnum > 0 and not attisdropped
        """, Live, Next);

    /// <summary>Whether somebody has read for so long that a switch would have all others wait for them; or cleans the table up, which gives way only after a longer wait than is asked of others.</summary>
    public Task<bool> HasLongReaders(IQuerySession session) => session.Value<bool>("""
        select exists (select from pg_locks l join pg_stat_activity a using (pid)
                       where l.relation = $1::regclass and l.granted and l.pid <> pg_backend_pid()
                         and (l.mode = 'ShareUpdateExclusiveLock' or a.xact_start < clock_timestamp() - interval '500 milliseconds'))
        """, Live);

    /// <summary>Keeps those who write away until the transaction ends; who reads goes on.</summary>
    public async Task HoldWriters(IQuerySession session)
    {
        await session.Do("set local lock_timeout = '500ms'");
        await session.Do($"lock table {Live} in share row exclusive mode");
    }

    /// <summary>Has what was built be read from here on, and keeps what was read. Who reads waits for those who read already, for a moment only.</summary>
    public async Task Switch(IQuerySession session)
    {
        await session.Do("set local lock_timeout = '200ms'");
        await session.Do($"drop table if exists {Old}");
        await session.Do($"alter table {Live} set schema {OldSchema}");
        await session.Do($"alter table {Next} set schema {schema}");
    }

    /// <summary>Has what was read before take the place of what is being built.</summary>
    public async Task BringBack(IQuerySession session)
    {
        await session.Do($"drop table if exists {Next}");
        await session.Do($"alter table {Old} set schema {NextSchema}");
    }

    /// <summary>Gives up what was built.</summary>
    public Task Drop(IQuerySession session) => session.Do($"drop table if exists {Next}");

    /// <summary>Brings what was built to where what was read before is kept, if it came from there.</summary>
    public async Task PutBack(IQuerySession session)
    {
        if (await HasNext(session) && !await HasOld(session)) await session.Do($"alter table {Next} set schema {OldSchema}");
    }

    static Task<bool> Exists(IQuerySession session, string table) => session.Value<bool>("select to_regclass($1) is not null", table);

    /// <summary>Does all that a question about the table that is read finds to be done to the one that is built.</summary>
    async Task All(IQuerySession session, string question)
    {
        foreach (var statement in await session.Find(question, row => row.GetString(0), Live, Next)) await session.Do(statement);
    }
}
