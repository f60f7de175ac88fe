-- Two deployments at once take turns.
SELECT pg_advisory_xact_lock(7061011);

-- The two roles. A login of the deployment is made a member of one of them; neither can sign in by itself.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orders_api') THEN
        CREATE ROLE orders_api NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orders_processor') THEN
        CREATE ROLE orders_processor NOLOGIN;
    END IF;
EXCEPTION
    -- Roles belong to the whole server: the deployment of another database made them just now.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
