-- A login for the identity of each app, and the one role that it is to have. Changes nothing the second time.
--
-- Run it in the database `postgres`, where Azure keeps the function that makes such logins, as an Entra administrator and
-- after `orders-worker migrate`. It reads logins.api_name, logins.api_id, logins.processor_name, logins.processor_id and
-- logins.database, which infra/scripts/logins.sh puts into PGOPTIONS.

DO $$
DECLARE
    login record;
    app_database text := current_setting('logins.database');
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('orders_api', 'orders_processor')) <> 2 THEN
        RAISE EXCEPTION 'there are no roles orders_api and orders_processor: run orders-worker migrate first';
    END IF;

    FOR login IN
        SELECT * FROM (VALUES
            (current_setting('logins.api_name'), current_setting('logins.api_id'),
                'orders_api', 'orders_processor'),
            (current_setting('logins.processor_name'), current_setting('logins.processor_id'),
                'orders_processor', 'orders_api')
        ) AS wanted (name, object_id, role, other_role)
    LOOP
        IF login.object_id !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN
            RAISE EXCEPTION 'the object id of % is none: give the principal id of the identity', login.name;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login.name) THEN
            PERFORM pgaadauth_create_principal_with_oid(login.name, login.object_id, 'service', false, false);
        END IF;
        EXECUTE format('GRANT %I TO %I', login.role, login.name);
        EXECUTE format('REVOKE %I FROM %I', login.other_role, login.name);
    END LOOP;

    -- Who is neither has no business there.
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', app_database);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO orders_api, orders_processor', app_database);
END
$$;
