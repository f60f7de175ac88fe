//! Why a store cannot be opened, or cannot answer.

use super::{LoginName, error_message};

/// Why a database URL cannot be used. Contains nothing of the URL, for it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No database engine is known for the scheme of the URL.
    #[error("the database URL must begin with `postgres://` or `sqlite://`")]
    UnsupportedScheme,
    /// The URL is not valid for its engine.
    #[error("the database URL must look like `postgres://user@host/database`, or be `sqlite://` and a path")]
    Malformed(#[source] sqlx::Error),
    /// The URL names a database in memory, which ends with the process.
    #[error("the database must be a file: one in memory is lost when the process ends")]
    InMemory,
}

/// The store cannot answer; the caller may try again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unavailable, busy or failing.
    #[error("{}", error_message::UnavailableMessage(.0))]
    Unavailable(sqlx::Error),
    /// The database's schema is older than this binary needs.
    #[error("the database's schema is too old for this version: run `orders-worker migrate`")]
    SchemaOutdated,
    /// The tables have text columns, as they were before the first release.
    #[error("this database has the old column types: run `orders-worker migrate --from-text`")]
    TextColumns,
    /// The tables exist, but in a schema that is not in the login's `search_path`.
    #[error(
        "the tables are in the schema `{schema}`, and the login's search_path is `{search_path}`: \
         set it with ALTER ROLE … SET search_path"
    )]
    NotInSearchPath {
        /// The schema of the tables.
        schema: String,
        /// What the login has.
        search_path: String,
    },
    /// The tables exist, but the login may not use their schema.
    #[error("the login may not use the schema `{schema}` of the tables: grant it USAGE on that schema")]
    SchemaForbidden {
        /// The schema of the tables.
        schema: String,
    },
    /// A migration cannot begin, or cannot do all that was asked.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// A row is not valid: a bug, or another program changed the database.
    #[error("{table}.{column} contains an invalid value: report it")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error)
    }
}

/// Why a migration cannot be done as requested.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The server has no database of the name, and it is not the one that is made where it is missing.
    #[error(
        "there is no database `{0}`: run `CREATE DATABASE \"{quoted}\"` in the database `postgres` as the login that \
         migrates, or name it `orders`, which is made by itself", quoted = .0.replace('"', "\"\"")
    )]
    DatabaseMissing(String),
    /// The login that migrates may not even connect.
    #[error(
        "the login may not connect to the database: have an administrator who may connect run \
         `orders-worker migrate --administrator NAME`, where NAME is the login"
    )]
    ConnectForbidden,
    /// A login is missing, and the server does not make logins of Entra's principals.
    #[error(
        "there is no login `{0}`, and this server has no function pgaadauth_create_principal_with_oid, by which Azure \
         makes logins of Entra identities: run CREATE ROLE … LOGIN for it, then this again"
    )]
    EntraLoginsUnsupported(LoginName),
    /// The login that migrates would lose its own rights.
    #[error("`{0}` runs the migration and cannot be the login of an app: name another one in `--login`")]
    AdministratorIsAppLogin(LoginName),
    /// A pooler that gives a connection for one transaction cannot carry a migration, which is a session.
    #[error(
        "ORDERS_DATABASE_POOLER is set, and a migration needs a connection to the server itself: name the server and its \
         own port (5432) in ORDERS_DATABASE_URL, and leave ORDERS_DATABASE_POOLER out for this command"
    )]
    ThroughPooler,
    /// SQLite has neither roles nor logins.
    #[error(
        "a SQLite file has no roles: leave out `--administrator` and `--login`, or name a postgres:// URL"
    )]
    RolesUnsupported,
    /// SQLite keeps text columns.
    #[error("a SQLite file keeps its text columns: leave out `--from-text`, or name a postgres:// URL")]
    FromTextUnsupported,
}
