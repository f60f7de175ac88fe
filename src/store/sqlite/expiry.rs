//! Forgetting what is kept for a time only.

use chrono::{DateTime, Utc};

use crate::store::{StoreError, kept, sql};

use super::Sqlite;

pub(super) async fn purge(store: &Sqlite, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
    let mut unit = store.write().await?;
    let mut gone = 0;
    for (statement, age) in [
        (sql::PURGE_KEYS, kept::KEY),
        (sql::PURGE_INBOX, kept::INBOX),
        (sql::PURGE_OUTBOX, kept::OUTBOX),
        (sql::PURGE_DEAD_LETTERS, kept::DEAD_LETTER),
    ] {
        let purged = sqlx::query(statement)
            .bind((now - age).timestamp_micros())
            .bind(i64::from(limit))
            .execute(&mut *unit)
            .await?;
        gone += purged.rows_affected();
    }
    unit.commit().await?;
    Ok(gone)
}
