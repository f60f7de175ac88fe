//! The statements of a migration, for the administrator who is signed in.

/// Passes the principals to the statements as settings; returns who is signed in.
pub(in crate::store::postgres) const SET_PRINCIPALS: &str = "SELECT CAST(session_user AS TEXT) FROM
     set_config('orders_worker.administrators', CAST(CAST($1 AS TEXT[]) AS TEXT), false) AS administrators,
     set_config('orders_worker.names', CAST(CAST($2 AS TEXT[]) AS TEXT), false) AS names,
     set_config('orders_worker.roles', CAST(CAST($3 AS TEXT[]) AS TEXT), false) AS roles";

/// Keeps the login's current schema, when it changes to another role.
pub(in crate::store::postgres) const KEEP_SCHEMA: &str = "SELECT set_config('search_path',
     coalesce(quote_ident(current_schema()), current_setting('search_path')), false)";

pub(in crate::store::postgres) const ROLE_EXISTS: &str =
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";

/// Makes a login for an Entra principal that is not an administrator and needs no second factor.
pub(in crate::store::postgres) const CREATE_ENTRA_LOGIN: &str =
    "SELECT pgaadauth_create_principal_with_oid($1, $2, 'service', false, false)";
