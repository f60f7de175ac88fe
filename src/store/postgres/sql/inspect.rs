//! Queries about the server, its schema and a login.

macro_rules! has_text_columns {
    () => {
        "EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('orders') AND attname = 'id'
             AND atttypid = CAST('text' AS regtype))"
    };
}

/// Whether the tables are those of before the first release.
pub(in crate::store::postgres) const HAS_TEXT_COLUMNS: &str = concat!("SELECT ", has_text_columns!());

/// A null when nothing was ever migrated; and whether the tables are those of before the first release, which counted
/// their versions from 1 too.
pub(in crate::store::postgres) const SCHEMA_VERSION: &str =
    concat!("SELECT max(version), ", has_text_columns!(), " FROM _sqlx_migrations WHERE success");

pub(in crate::store::postgres) const PID: &str = "SELECT pg_backend_pid()";

/// Schemas with a migrated database, those first that the login may use; and the login's search path.
pub(in crate::store::postgres) const SCHEMAS: &str =
    "SELECT CAST(nspname AS TEXT), has_schema_privilege(pg_namespace.oid, 'USAGE'),
         current_setting('search_path')
     FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relname = '_sqlx_migrations' AND relkind IN ('r', 'p')
     ORDER BY 2 DESC, 1";

/// The locks that the process `$1` waits for, and the processes that block it.
pub(in crate::store::postgres) const WAITS: &str =
    "SELECT DISTINCT locktype, CAST(CAST(relation AS regclass) AS TEXT) AS relation,
         blocking.pid, application_name, state,
         CAST(extract(epoch FROM clock_timestamp() - query_start) AS BIGINT) AS query_seconds
     FROM pg_locks AS waiting
     CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking (pid)
     LEFT JOIN pg_stat_activity AS activity ON activity.pid = blocking.pid
     WHERE waiting.pid = $1 AND NOT granted";

/// Whether the connection is encrypted, the login owns the tables or the server or can become their owner, and which role's
/// rights it holds.
pub(in crate::store::postgres) const RIGHTS: &str = "SELECT
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false)
        OR EXISTS (SELECT FROM pg_class WHERE relname = 'orders' AND relkind IN ('r', 'p')
            AND pg_has_role(current_user, relowner, 'MEMBER')),
    EXISTS (SELECT FROM pg_roles WHERE rolname = 'orders_api' AND pg_has_role(current_user, oid, 'USAGE')),
    EXISTS (SELECT FROM pg_roles WHERE rolname = 'orders_processor' AND pg_has_role(current_user, oid, 'USAGE'))";
