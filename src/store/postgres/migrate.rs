//! Migrates the schema, and checks its version.

use std::{io::ErrorKind, time::Duration};

use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};

use tokio::time::timeout;

use crate::store::{MigrationError, MigrationOptions, OnWait, Principals, StoreError};

use super::{
    administration, from_text,
    pool::{PoolExecutor, has_sqlstate},
    schema::migrator,
    sql, wait_reports,
};

/// How long the server may take for its first answer.
const CONNECT: Duration = Duration::from_secs(10);

/// The one database that is made where it is missing.
const DATABASE: &str = "orders";

/// What the database or the login may have as limits of time. A change to a large table has no time limit.
const LIMITS: [&str; 3] = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];

/// Runs the migrations that the schema lacks, grants the roles what they need, and gives the principals their roles.
/// Tables with text columns are copied only if the options say so. No time limit applies here.
///
/// While it waits for a lock, it calls `on_wait` with the lock and its holder.
pub(super) async fn run(
    address: &PgConnectOptions,
    options: &MigrationOptions,
    on_wait: OnWait<'_>,
) -> Result<(), StoreError> {
    let address = address.clone().options(LIMITS.map(|limit| (limit, "0")));
    let mut connection = match connect(&address).await {
        Err(error) if has_sqlstate(&error, "3D000") => {
            create_database(&address, &options.principals).await?;
            connect(&address).await?
        }
        Err(error) if is_forbidden(&error) => return Err(MigrationError::ConnectForbidden.into()),
        settled => settled?,
    };
    if !options.from_text && from_text::is_needed(&mut connection).await? {
        return Err(StoreError::TextColumns);
    }
    let pid = sqlx::query_scalar(sql::PID).fetch_one(&mut connection).await?;
    let migrated = migrate_schema(&mut connection, options, &address);
    wait_reports::with_wait_reports(&address, pid, migrated, on_wait).await?;
    Ok(connection.close().await?)
}

async fn migrate_schema(
    connection: &mut PgConnection,
    options: &MigrationOptions,
    address: &PgConnectOptions,
) -> Result<(), StoreError> {
    administration::become_owner(connection, &options.principals).await?;
    if options.from_text {
        from_text::convert(connection).await?;
    }
    // `run` would do the same, but the compiler cannot prove that its future may be sent to another thread.
    migrator().run_direct(None, connection, false).await.map_err(Error::from)?;
    administration::grant_to_roles(connection).await?;
    administration::grant_to_logins(connection, &options.principals.logins, address).await
}

async fn connect(address: &PgConnectOptions) -> Result<PgConnection, Error> {
    let late = |_| Error::Io(ErrorKind::TimedOut.into());
    timeout(CONNECT, PgConnection::connect_with(address)).await.map_err(late)?
}

async fn create_database(address: &PgConnectOptions, principals: &Principals) -> Result<(), StoreError> {
    let name = address.get_database().unwrap_or_default();
    if name != DATABASE {
        return Err(MigrationError::DatabaseMissing(name.to_owned()).into());
    }
    let mut connection = connect(&address.clone().database("postgres")).await?;
    administration::create_database(&mut connection, principals).await?;
    Ok(connection.close().await?)
}

/// Whether the schema is at least the one that this binary was written for.
pub(super) async fn check(executor: PoolExecutor<'_>) -> Result<(), StoreError> {
    let needed = migrator().iter().map(|migration| migration.version).max();
    let version: (Option<i64>, bool) = match sqlx::query_as(sql::SCHEMA_VERSION).fetch_one(executor).await {
        Ok(version) => version,
        Err(error) if is_undefined_table(&error) => return Err(missing_schema_error(executor).await?),
        Err(error) => return Err(error.into()),
    };
    match version {
        (_, true) => Err(StoreError::TextColumns),
        (current, false) if current >= needed => Ok(()),
        _ => Err(StoreError::SchemaOutdated),
    }
}

/// Why the login finds no schema.
async fn missing_schema_error(executor: PoolExecutor<'_>) -> Result<StoreError, Error> {
    let current: Option<(String, bool, String)> =
        sqlx::query_as(sql::SCHEMAS).fetch_optional(executor).await?;
    Ok(match current {
        Some((schema, true, search_path)) => StoreError::NotInSearchPath { schema, search_path },
        Some((schema, false, _)) => StoreError::SchemaForbidden { schema },
        None => StoreError::SchemaOutdated,
    })
}

fn is_undefined_table(error: &Error) -> bool {
    has_sqlstate(error, "42P01")
}

/// Whether the login lacked a privilege.
pub(super) fn is_forbidden(error: &Error) -> bool {
    has_sqlstate(error, "42501")
}
