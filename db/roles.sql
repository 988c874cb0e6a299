-- Who may do what in the database. Run after every db/schema.sql, and again whenever you like: psql -1 -v ON_ERROR_STOP=1 -f db/roles.sql
--   orders_owner  owns the schemas and the events: applies db/schema.sql
--   orders_app    the service and its commands: appends and archives, but can neither change nor remove an event; owns the documents, which it builds
--                 anew beside those that are read and has change places with them. So its owner may put triggers on them: whoever is more than that
--                 leaves writing to documents to it
--   orders_read   reads orders and events
-- An import of events is the application's too: it only adds, and moves the sequence on number by number, because who may set it could set it back.
-- None of them can log in: grant them to those who do, as db/login.sql does for a service. An import also needs TEMPORARY on the database, which
-- PostgreSQL gives to everybody.
-- To be run by a superuser, or by a member of orders_owner once the roles are there.

do $$
declare
    wanted name;
begin
    foreach wanted in array array['orders_owner', 'orders_app', 'orders_read'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null; -- Roles are the cluster's: somebody made it for another database at this moment.
        end;
    end loop;
end
$$;

create schema if not exists events authorization orders_owner;
create schema if not exists views authorization orders_owner;
create schema if not exists wolverine authorization orders_owner;
create schema if not exists outward authorization orders_owner;

-- Documents are made of events and can be made again, so they are the application's own; who applies a schema has to reach them too.
do $$
begin
    if not pg_has_role('orders_owner', 'orders_app', 'member') then
        grant orders_app to orders_owner;
    end if;
end
$$;
grant create on schema views to orders_app;
create schema if not exists views_next authorization orders_app;
create schema if not exists views_old authorization orders_app;

-- What others made here becomes the owner's.
do $$
declare
    statement text;
begin
    for statement in
        select format('alter schema %I owner to orders_owner', nspname)
        from pg_namespace
        where nspname in ('events', 'views', 'wolverine', 'outward') and nspowner <> 'orders_owner'::regrole
        union all
        select format('alter schema %I owner to orders_app', nspname) from pg_namespace where nspname in ('views_next', 'views_old') and nspowner <> 'orders_app'::regrole
        union all
        select format('alter table %s owner to %I', c.oid::regclass, owner)
        from pg_class c, 
             lateral (select case when relnamespace in ('views'::regnamespace, 'views_next'::regnamespace, 'views_old'::regnamespace) then 'orders_app' else 'orders_owner' end owner) wanted
        where relnamespace in ('events'::regnamespace, 'views'::regnamespace, 'views_next'::regnamespace, 'views_old'::regnamespace, 'wolverine'::regnamespace, 'outward'::regnamespace) and relkind in ('r', 'p', 'v') and relowner <> owner::regrole
        union all
        select format('alter sequence %s owner to orders_owner', c.oid::regclass)
        from pg_class c
        where relnamespace in ('events'::regnamespace, 'views'::regnamespace, 'wolverine'::regnamespace, 'outward'::regnamespace) and relkind = 'S' and relowner <> 'orders_owner'::regrole
          and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype in ('a', 'i'))
        union all
        -- Not those in views: whoever may make one there must not have it run as the owner.
        select format('alter routine %s owner to orders_owner', p.oid::regprocedure)
        from pg_proc p
        where pronamespace in ('events'::regnamespace, 'wolverine'::regnamespace, 'outward'::regnamespace) and proowner <> 'orders_owner'::regrole
    loop
        execute statement;
    end loop;
end
$$;

revoke all on all tables in schema events, wolverine, outward from orders_app;
revoke all on all tables in schema events, views, wolverine from orders_read;
grant usage on schema events, views, wolverine, outward to orders_app;
grant usage on schema events, views to orders_read;
grant execute on all routines in schema events, views, wolverine, outward to orders_app;
grant usage, select on all sequences in schema events, views, wolverine to orders_app;

-- Messages and deliveries come and go.
grant select, insert, update, delete on all tables in schema wolverine, outward to orders_app;

-- Facts stay. A stream counts its events, and may be archived with them.
grant select, insert on all tables in schema events to orders_app;
grant update (version, "timestamp", is_archived) on events.mt_streams to orders_app;
grant update (is_archived) on events.mt_events to orders_app;

-- How far the views have come, and what they could not take, is no fact.
grant update, delete on events.mt_event_progression, events.mt_event_projection_floors, events.mt_high_water_skips, events.mt_doc_deadletterevent to orders_app;

grant select on all tables in schema events, views to orders_read;

-- Tables of later versions, until this script is run again: nothing there is a fact to be changed.
alter default privileges for role orders_owner in schema events grant select, insert on tables to orders_app;
alter default privileges for role orders_owner in schema views grant select, insert, update, delete, truncate on tables to orders_app;
alter default privileges for role orders_owner in schema wolverine grant select, insert, update, delete on tables to orders_app;
alter default privileges for role orders_owner in schema outward grant select, insert, update, delete on tables to orders_app;
alter default privileges for role orders_owner in schema events grant select on tables to orders_read;
alter default privileges for role orders_owner in schema views grant select on tables to orders_read;
alter default privileges for role orders_owner in schema events grant usage, select on sequences to orders_app;
alter default privileges for role orders_owner in schema views grant usage, select on sequences to orders_app;
alter default privileges for role orders_owner in schema wolverine grant usage, select on sequences to orders_app;
