-- Hands over to orders_owner what earlier versions made under the login that migrated. Runs as the administrator
-- who is signed in, in one transaction with roles.sql, and changes nothing that is so already.
DO $$
DECLARE
    place CONSTANT text := current_schema();
    thing record;
BEGIN
    SELECT datname AS name, datdba AS owner INTO thing FROM pg_database WHERE datname = current_database();
    IF thing.owner <> 'orders_owner'::regrole THEN
        IF NOT pg_has_role(thing.owner, 'USAGE') THEN
            RAISE insufficient_privilege USING MESSAGE = format(
                'the database %I belongs to %I, who alone can hand it over: sign in as %2$I and run `orders-worker migrate '
                '--administrator NAME`, NAME being the login %3$I; or drop the database if it is empty, and run this again',
                thing.name, pg_get_userbyid(thing.owner), current_user);
        END IF;
        BEGIN
            EXECUTE format('ALTER DATABASE %I OWNER TO orders_owner', thing.name);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE insufficient_privilege USING MESSAGE = format(
                    'the login %I may not hand over the database %I: give the login CREATEDB, or have a superuser run '
                    'ALTER DATABASE … OWNER TO orders_owner', current_user, thing.name);
        END;
    END IF;

    IF place IS NOT NULL AND NOT (has_schema_privilege('orders_owner', place, 'CREATE')
        AND has_schema_privilege('orders_owner', place, 'USAGE')) THEN
        EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO orders_owner', place);
    END IF;

    -- Later tables are made by their owner.
    FOR thing IN
        SELECT relname AS name, relowner AS owner FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = place AND relkind IN ('r', 'p') AND relowner <> 'orders_owner'::regrole
            AND relname IN ('products', 'orders', 'order_lines', 'order_history', 'outbox', 'inbox', 'dead_letters',
                'idempotency_keys', '_sqlx_migrations')
    LOOP
        IF NOT pg_has_role(thing.owner, 'USAGE') THEN
            RAISE insufficient_privilege USING MESSAGE = format(
                'the table %I belongs to %I, who alone can hand it over: sign in as %2$I and run `orders-worker migrate '
                '--administrator NAME`, NAME being the login %3$I',
                thing.name, pg_get_userbyid(thing.owner), current_user);
        END IF;
        EXECUTE format('ALTER TABLE %I.%I OWNER TO orders_owner', place, thing.name);
    END LOOP;
END
$$;
