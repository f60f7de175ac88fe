//! Forgetting what is kept for a time only.

use chrono::{DateTime, Utc};

use crate::store::{
    StoreError, kept,
    sql::{PURGE_DEAD_LETTERS, PURGE_INBOX, PURGE_KEYS, PURGE_OUTBOX},
};

use super::pool::Pool;

pub(super) async fn purge(pool: &Pool, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
    let mut gone = 0;
    for (statement, age) in [
        (PURGE_KEYS, kept::KEY),
        (PURGE_INBOX, kept::INBOX),
        (PURGE_OUTBOX, kept::OUTBOX),
        (PURGE_DEAD_LETTERS, kept::DEAD_LETTER),
    ] {
        let purged = sqlx::query(statement)
            .bind((now - age).timestamp_micros())
            .bind(i64::from(limit))
            .execute(pool)
            .await?;
        gone += purged.rows_affected();
    }
    Ok(gone)
}
