//! Whether a pooler tracks named statements.
//!
//! One that does gives each a name of its own on the server's connection, and prepares it on whatever connection it is
//! used next. One that does not passes the name on, and then a name of this connection can be another client's statement
//! on the next one.

use sqlx::{Connection as _, Error, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions};

use super::{
    failure::has_sqlstate,
    transaction::{BEGIN, BEGIN_STATEMENTS, COMMIT, control},
};

/// Whether a statement of the driver's name was prepared in this transaction: that can only be this statement.
const NAME_WAS_PASSED_ON: &str = "SELECT EXISTS (SELECT FROM pg_prepared_statements
     WHERE name LIKE 'sqlx\\_s\\_%' AND prepare_time >= transaction_timestamp())";

/// A parameter that a server keeps and a pooler refuses or drops.
const MARK: (&str, &str) = ("orders_worker.pooler", "none");

const HAS_MARK: &str = "SELECT current_setting('orders_worker.pooler', true) IS NOT DISTINCT FROM 'none'";

/// The setting promises what the pooler does not keep.
#[derive(Debug, thiserror::Error)]
#[error(
    "ORDERS_DATABASE_POOLER is `transaction-prepared`, and the pooler does not track named statements: set it to \
     `transaction`, or use PgBouncer 1.21 or later with max_prepared_statements above 0"
)]
struct NotTracked;

/// Looks whether named statements of this connection are tracked, or the connection is the server's own. `address` is
/// the one that it was made with.
///
/// # Errors
/// [`Error::Configuration`] where they are not tracked.
pub(super) async fn check(connection: &mut PgConnection, address: &PgConnectOptions) -> Result<(), Error> {
    let invalid_sql_statement_name = "26000";
    let duplicate_prepared_statement = "42P05";
    let passed_on = match is_passed_on(connection).await {
        // The name is that of another client.
        Err(error)
            if has_sqlstate(&error, invalid_sql_statement_name)
                || has_sqlstate(&error, duplicate_prepared_statement) =>
        {
            true
        }
        settled => settled?,
    };
    if !passed_on || is_direct(address).await? {
        return Ok(());
    }
    Err(Error::Configuration(NotTracked.into()))
}

async fn is_passed_on(connection: &mut PgConnection) -> Result<bool, Error> {
    control(connection, BEGIN, BEGIN_STATEMENTS).await?;
    let passed_on = sqlx::query_scalar(NAME_WAS_PASSED_ON).fetch_one(&mut *connection).await?;
    control(connection, COMMIT, 1).await?;
    Ok(passed_on)
}

/// Whether there is no pooler: it would not pass an unknown parameter on.
async fn is_direct(address: &PgConnectOptions) -> Result<bool, Error> {
    let mut marked = match PgConnection::connect_with(&address.clone().options([MARK])).await {
        Err(Error::Database(_)) => return Ok(false),
        settled => settled?,
    };
    let is_direct = marked.fetch_one(sqlx::raw_sql(HAS_MARK)).await?.try_get(0)?;
    marked.close().await?;
    Ok(is_direct)
}
