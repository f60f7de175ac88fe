//! Bringing the schema up, and finding out that somebody should.

use std::{io::ErrorKind, time::Duration};

use sqlx::{
    Connection as _, Error, PgConnection,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use tokio::time::timeout;

use crate::store::{OnWait, StoreError};

use super::{
    pool::{Access, sqlstate},
    sql, waits,
};

/// How long the server may take to answer at all.
const CONNECT: Duration = Duration::from_secs(10);

/// The one database that is made where it is missing.
const DATABASE: &str = "orders";
/// A constant text, so that no name of an operator's becomes a statement.
const CREATE_DATABASE: &str = "CREATE DATABASE orders";

/// The roles that the two apps sign in with, and what each may do; changes nothing that is so already.
const ROLES: &str = concat!(include_str!("roles.sql"), include_str!("grants.sql"));

/// Newer schemas than this binary's are left alone: a schema works with the binary before it too.
fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/postgres");
    migrator.set_ignore_missing(true);
    migrator
}

/// Runs what the schema lacks, then grants the roles what they need. No limit of time holds here: a change to a large
/// table takes as long as it takes.
///
/// While it waits for a lock, `on_wait` is told which one and who has it.
pub(super) async fn run(address: &PgConnectOptions, on_wait: OnWait<'_>) -> Result<(), StoreError> {
    // Alone, the pool would try in silence until its patience ends; this says at once what is wrong.
    match connect(address).await {
        Ok(connection) => connection.close().await?,
        Err(error) if is_of_code(&error, "3D000") => create_database(address).await?,
        Err(error) => return Err(error.into()),
    }
    let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let one = one.connect_lazy_with(address.clone());
    let pid = sqlx::query_scalar(sql::PID).fetch_one(&one).await?;
    let migrated = async {
        migrator().run(&one).await.map_err(Error::from)?;
        sqlx::raw_sql(ROLES).execute(&one).await
    };
    waits::reported(address, pid, migrated, on_wait).await?;
    one.close().await;
    Ok(())
}

async fn connect(address: &PgConnectOptions) -> Result<PgConnection, Error> {
    let late = |_| Error::Io(ErrorKind::TimedOut.into());
    timeout(CONNECT, PgConnection::connect_with(address)).await.map_err(late)?
}

/// Makes the database that is missing, so that it belongs to the login that migrates: one that Azure makes can belong to
/// a role that grants nothing (<https://github.com/hashicorp/terraform-provider-azurerm/issues/27895>).
async fn create_database(address: &PgConnectOptions) -> Result<(), StoreError> {
    let name = address.get_database().unwrap_or_default();
    if name != DATABASE {
        return Err(StoreError::NoDatabase(name.to_owned()));
    }
    let mut connection = connect(&address.clone().database("postgres")).await?;
    match sqlx::raw_sql(CREATE_DATABASE).execute(&mut connection).await {
        Ok(_) => {}
        // Another migration made it meanwhile: known by its name, or by the row that it has just written.
        Err(error) if is_of_code(&error, "42P04") || is_of_code(&error, "23505") => {}
        Err(error) => return Err(error.into()),
    }
    Ok(connection.close().await?)
}

/// Whether the schema is at least the one that this binary was written for.
pub(super) async fn check(access: Access<'_>) -> Result<(), StoreError> {
    let needed = migrator().iter().map(|migration| migration.version).max();
    let there: Option<i64> = match sqlx::query_scalar(sql::SCHEMA_VERSION).fetch_one(access).await {
        Ok(version) => version,
        Err(error) if is_undefined_table(&error) => return Err(missing(access).await?),
        Err(error) => return Err(error.into()),
    };
    if there >= needed { Ok(()) } else { Err(StoreError::Outdated) }
}

/// Why the login finds no schema.
async fn missing(access: Access<'_>) -> Result<StoreError, Error> {
    let there: Option<(String, bool, String)> = sqlx::query_as(sql::SCHEMAS).fetch_optional(access).await?;
    Ok(match there {
        Some((schema, true, search_path)) => StoreError::NotInSearchPath { schema, search_path },
        Some((schema, false, _)) => StoreError::SchemaForbidden { schema },
        None => StoreError::Outdated,
    })
}

fn is_undefined_table(error: &Error) -> bool {
    is_of_code(error, "42P01")
}

/// Whether the login may not do what it tried.
pub(super) fn is_forbidden(error: &Error) -> bool {
    is_of_code(error, "42501")
}

fn is_of_code(error: &Error, code: &str) -> bool {
    sqlstate(error).as_deref() == Some(code)
}
