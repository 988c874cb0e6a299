-- Lets a service log in as the application of db/roles.sql; again, with another password, changes that. Nobody's password is in the arguments:
--   ORDERS_LOGIN=… ORDERS_LOGIN_PASSWORD=… psql -1 -v ON_ERROR_STOP=1 -f db/login.sql
\getenv login ORDERS_LOGIN
\getenv password ORDERS_LOGIN_PASSWORD
select format('create role %I', :'login') where not exists (select from pg_roles where rolname = :'login')
\gexec
alter role :"login" login password :'password';
grant orders_app to :"login";
