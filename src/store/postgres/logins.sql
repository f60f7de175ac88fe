-- The roles of the logins of the apps, and how long what they do may take. Changes nothing that is so already.
-- orders_worker.names and orders_worker.roles stand side by side; a login that has both roles is named twice.

-- The worker asks for shorter ones; these hold for whatever else signs in as an app.
SELECT set_config('orders_worker.limits', '{statement_timeout=5s,idle_in_transaction_session_timeout=30s}', true);

-- As the administrator who is signed in: only they can change other logins.
DO $$
DECLARE
    by_grantor CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
    limits CONSTANT text[] := current_setting('orders_worker.limits')::text[];
    login record;
    held record;
    wanted text;
BEGIN
    FOR login IN
        SELECT pg_roles.oid AS id, rolname AS name, array_agg(wanted.role) AS roles
        FROM unnest(current_setting('orders_worker.names')::text[], current_setting('orders_worker.roles')::text[])
            AS wanted (name, role)
        JOIN pg_roles ON rolname = wanted.name
        GROUP BY pg_roles.oid, rolname
    LOOP
        FOR held IN
            SELECT pg_get_userbyid(roleid) AS role, pg_get_userbyid(grantor) AS grantor FROM pg_auth_members
            WHERE member = login.id AND pg_get_userbyid(roleid) IN ('orders_owner', 'orders_api', 'orders_processor')
                AND pg_get_userbyid(roleid) <> ALL (login.roles)
        LOOP
            -- From 16 on a grant stays unless it is taken back in the name of its maker.
            EXECUTE format('REVOKE %I FROM %I', held.role, login.name)
                || CASE WHEN by_grantor THEN format(' GRANTED BY %I', held.grantor) ELSE '' END;
        END LOOP;

        CONTINUE WHEN EXISTS (
            SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
            WHERE datname = current_database() AND setrole = login.id AND setconfig @> limits);
        BEGIN
            FOREACH wanted IN ARRAY limits LOOP
                EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %L', login.name, current_database(),
                    split_part(wanted, '=', 1), split_part(wanted, '=', 2));
            END LOOP;
        EXCEPTION
            -- From 16 on only the maker of a login can change it, and Azure's are made by a role of Azure's.
            WHEN insufficient_privilege THEN NULL;
        END;
    END LOOP;
END
$$;

SET LOCAL ROLE orders_owner;

-- As the owner: so any administrator can take back what another one granted.
DO $$
DECLARE
    limits CONSTANT text[] := current_setting('orders_worker.limits')::text[];
    here CONSTANT oid := (SELECT oid FROM pg_database WHERE datname = current_database());
    login record;
    wanted text;
    is_limited boolean := true;
BEGIN
    FOR login IN
        SELECT pg_roles.oid AS id, wanted.name, wanted.role
        FROM unnest(current_setting('orders_worker.names')::text[], current_setting('orders_worker.roles')::text[])
            AS wanted (name, role)
        JOIN pg_roles ON rolname = wanted.name
    LOOP
        IF NOT EXISTS (
            SELECT FROM pg_auth_members WHERE member = login.id AND pg_get_userbyid(roleid) = login.role) THEN
            EXECUTE format('GRANT %I TO %I', login.role, login.name);
        END IF;
        is_limited := is_limited AND EXISTS (
            SELECT FROM pg_db_role_setting
            WHERE setdatabase = here AND setrole = login.id AND setconfig @> limits);
    END LOOP;

    -- Who is neither has no business there.
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO orders_api, orders_processor', current_database());

    -- Where a login may not be changed, its limits are those of everybody who connects to this database.
    IF NOT is_limited AND NOT EXISTS (
        SELECT FROM pg_db_role_setting WHERE setdatabase = here AND setrole = 0 AND setconfig @> limits) THEN
        FOREACH wanted IN ARRAY limits LOOP
            EXECUTE format('ALTER DATABASE %I SET %I = %L', current_database(),
                split_part(wanted, '=', 1), split_part(wanted, '=', 2));
        END LOOP;
    END IF;
END
$$;
