//! Copies a database with text columns, as it was before the first release, to the columns of this version.
//!
//! One transaction does it all: a reader sees the old tables or the new ones, and a copy that is interrupted has
//! changed nothing. It needs room for both, and locks the old tables, so no app should be running meanwhile.

use sqlx::{Connection as _, Error, Executor, PgConnection, Postgres};

use crate::store::StoreError;

use super::{administration, schema::migrator, sql};

const SET_ASIDE: &str = include_str!("from_text/set_aside.sql");
const COPY: &str = include_str!("from_text/copy.sql");

/// Whether the tables have text columns.
pub(super) async fn is_needed<'e>(
    executor: impl Executor<'e, Database = Postgres>,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(sql::HAS_TEXT_COLUMNS).fetch_one(executor).await?)
}

/// Replaces tables with text columns by those of this version, with every row. Changes nothing where there are none.
/// Acts as the owner.
pub(super) async fn convert(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(administration::ONE_AT_A_TIME).execute(&mut *transaction).await?;
    // Another migration may have done it meanwhile.
    if is_needed(&mut *transaction).await? {
        sqlx::raw_sql(SET_ASIDE).execute(&mut *transaction).await?;
        migrator().run_direct(None, &mut *transaction, false).await.map_err(Error::from)?;
        sqlx::raw_sql(COPY).execute(&mut *transaction).await?;
        // With them, so that no call meets tables that its app may not use.
        administration::grant_to_roles(&mut transaction).await?;
    }
    Ok(transaction.commit().await?)
}
