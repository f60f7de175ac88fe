//! What an administrator does around a migration: the roles, who owns the schema, and the logins of the apps.
//!
//! The schema and all its objects belong to the role `orders_owner`, which cannot sign in. So another administrator
//! than before can migrate the next version.

use sqlx::{Connection as _, Error, PgConnection, postgres::PgConnectOptions};

use crate::store::{AppLogin, LoginName, MigrationError, Principals, StoreError};

use super::{pool::has_sqlstate, sql};

macro_rules! one_at_a_time {
    () => {
        "SELECT pg_advisory_xact_lock(7061011);\n"
    };
}

/// Serializes concurrent deployments. The lock ends with the transaction.
pub(super) const ONE_AT_A_TIME: &str = one_at_a_time!();

/// As [`ONE_AT_A_TIME`]; each text below is a whole transaction.
macro_rules! serialized {
    ($($text:expr),+) => { concat!(one_at_a_time!(), $(include_str!($text)),+) };
}

const ROLES: &str = serialized!("roles.sql");
const ROLES_AND_OWNERSHIP: &str = serialized!("roles.sql", "ownership.sql");
const GRANTS: &str = serialized!("grants.sql");
const LOGINS: &str = serialized!("logins.sql");

/// A constant text, so that no name of an operator's becomes a statement.
const CREATE_DATABASE: &str = "CREATE DATABASE orders OWNER orders_owner";

/// Makes the database `orders`, on a connection to the database `postgres`. A database that Azure makes can belong to
/// a role that grants nothing (<https://github.com/hashicorp/terraform-provider-azurerm/issues/27895>).
pub(super) async fn create_database(
    connection: &mut PgConnection,
    principals: &Principals,
) -> Result<(), StoreError> {
    set_principals(connection, principals).await?;
    sqlx::raw_sql(ROLES).execute(&mut *connection).await?;
    match sqlx::raw_sql(CREATE_DATABASE).execute(connection).await {
        // Another migration made it meanwhile: known by its name, or by the row that it has just written.
        Err(error) if !has_sqlstate(&error, "42P04") && !has_sqlstate(&error, "23505") => Err(error.into()),
        _ => Ok(()),
    }
}

/// Makes the roles, gives the owner what belongs to this administrator, and acts as the owner from then on.
pub(super) async fn become_owner(
    connection: &mut PgConnection,
    principals: &Principals,
) -> Result<(), StoreError> {
    set_principals(connection, principals).await?;
    sqlx::raw_sql(ROLES_AND_OWNERSHIP).execute(&mut *connection).await?;
    // `"$user"` in a search_path is the acting role: the tables stay where the login would put them.
    sqlx::query(sql::KEEP_SCHEMA).execute(&mut *connection).await?;
    sqlx::raw_sql("SET ROLE orders_owner").execute(connection).await?;
    Ok(())
}

/// Grants the roles of both apps what they need; existing grants stay unchanged.
pub(super) async fn grant_to_roles(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::raw_sql(GRANTS).execute(connection).await.map(drop)
}

/// Gives each login its role, its limits, and the right to connect; revokes the roles that it is not named with.
/// `address` is that of the administrator.
pub(super) async fn grant_to_logins(
    connection: &mut PgConnection,
    logins: &[AppLogin],
    address: &PgConnectOptions,
) -> Result<(), StoreError> {
    if logins.is_empty() {
        return Ok(());
    }
    create_logins(logins, address).await?;
    sqlx::raw_sql("RESET ROLE").execute(&mut *connection).await?;
    sqlx::raw_sql(LOGINS).execute(connection).await?;
    Ok(())
}

/// Makes the logins that are missing. The function `pgaadauth_create_principal_with_oid` exists in Azure's database
/// `postgres` (<https://learn.microsoft.com/azure/postgresql/flexible-server/security-manage-entra-users>).
async fn create_logins(logins: &[AppLogin], address: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect_with(&address.clone().database("postgres")).await?;
    for AppLogin { name, object_id, .. } in logins {
        let is_there: bool =
            sqlx::query_scalar(sql::ROLE_EXISTS).bind(name.as_str()).fetch_one(&mut connection).await?;
        if is_there {
            continue;
        }
        let created = sqlx::query(sql::CREATE_ENTRA_LOGIN).bind(name.as_str()).bind(object_id.to_string());
        match created.execute(&mut connection).await {
            Err(error) if has_sqlstate(&error, "42883") => {
                return Err(MigrationError::EntraLoginsUnsupported(name.clone()).into());
            }
            settled => settled.map(drop)?,
        }
    }
    Ok(connection.close().await?)
}

/// Names the principals to the session, as settings: so no name becomes part of a statement.
async fn set_principals(connection: &mut PgConnection, principals: &Principals) -> Result<(), StoreError> {
    let administrators: Vec<_> = principals.administrators.iter().map(LoginName::as_str).collect();
    let names: Vec<_> = principals.logins.iter().map(|login| login.name.as_str()).collect();
    let roles: Vec<_> = principals.logins.iter().map(|login| login.role.name()).collect();
    let this: String = sqlx::query_scalar(sql::SET_PRINCIPALS)
        .bind(administrators)
        .bind(names)
        .bind(roles)
        .fetch_one(connection)
        .await?;
    match principals.logins.iter().find(|login| login.name.as_str() == this) {
        Some(login) => Err(MigrationError::AdministratorIsAppLogin(login.name.clone()).into()),
        None => Ok(()),
    }
}
