-- The roles, and who may take on the one that everything belongs to. Runs as the administrator who is signed in, and
-- changes nothing that is so already. orders_worker.administrators names those who are to migrate later versions.
DO $$
DECLARE
    -- From 16 on a membership says by itself whether it brings the role's rights, and whether the role can be taken on
    -- (https://www.postgresql.org/docs/16/role-membership.html).
    has_options CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
    may_set CONSTANT text := CASE WHEN has_options THEN 'SET' ELSE 'MEMBER' END;
    wanted text;
BEGIN
    -- Everything belongs to the first. A login of the deployment is made a member of one of the others. None can sign in
    -- by itself.
    FOREACH wanted IN ARRAY ARRAY['orders_owner', 'orders_api', 'orders_processor'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            -- Roles belong to the whole server: the deployment of another database made it just now.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;

    -- Who makes a role is not its member by that.
    IF NOT (pg_has_role('orders_owner', 'USAGE') AND pg_has_role('orders_owner', may_set)) THEN
        BEGIN
            EXECUTE 'GRANT orders_owner TO CURRENT_USER'
                || CASE WHEN has_options THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
        EXCEPTION
            WHEN unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE insufficient_privilege USING MESSAGE = format(
                    'the login %I may not act as orders_owner, which owns everything: have an administrator who may '
                    'run `orders-worker migrate --administrator NAME`, NAME being this login', current_user);
        END;
    END IF;

    -- So a login that may act as the owner can give the logins of the apps their roles, and take them back.
    FOREACH wanted IN ARRAY ARRAY['orders_api', 'orders_processor'] LOOP
        CONTINUE WHEN pg_has_role('orders_owner', wanted, 'MEMBER WITH ADMIN OPTION');
        BEGIN
            EXECUTE format('GRANT %I TO orders_owner WITH ', wanted)
                || CASE WHEN has_options THEN 'ADMIN TRUE, INHERIT FALSE, SET FALSE' ELSE 'ADMIN OPTION' END;
        EXCEPTION
            WHEN unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE insufficient_privilege USING MESSAGE = format(
                    'the role %I was made by %s, who has to share it: have them run '
                    '`orders-worker migrate --administrator NAME`, NAME being the login %I', wanted,
                    coalesce((SELECT string_agg(pg_get_userbyid(member), ' and ') FROM pg_auth_members
                        WHERE roleid = wanted::regrole AND admin_option), 'a superuser'), current_user);
        END;
    END LOOP;

    FOREACH wanted IN ARRAY current_setting('orders_worker.administrators')::text[] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            RAISE undefined_object USING MESSAGE = format(
                'the server has no role %I: make it an administrator of the server first', wanted);
        END IF;
        CONTINUE WHEN pg_has_role(wanted, 'orders_owner', 'MEMBER WITH ADMIN OPTION')
            AND pg_has_role(wanted, 'orders_owner', 'USAGE') AND pg_has_role(wanted, 'orders_owner', may_set);
        EXECUTE format('GRANT orders_owner TO %I WITH ', wanted)
            || CASE WHEN has_options THEN 'ADMIN TRUE, INHERIT TRUE, SET TRUE' ELSE 'ADMIN OPTION' END;
    END LOOP;
END
$$;
