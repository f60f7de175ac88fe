//! Deletes rows whose retention period is over, and dead letters over the ceiling.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    DeadLetterLimit, ExcessDeadLetter, StoreError, retention, rows::ExcessDeadLetterRow, sql,
};

use super::Sqlite;

/// Each deletes at most `$2` rows that are older than `$1`.
const PURGE_INBOX: &str = "DELETE FROM inbox WHERE (binding, message_id) IN (
         SELECT binding, message_id FROM inbox WHERE received_at <= $1 LIMIT $2)";

const PURGE_OUTBOX: &str = "DELETE FROM outbox WHERE message_id IN (
         SELECT message_id FROM outbox WHERE consumed_at <= $1 LIMIT $2)";

pub(super) async fn purge(store: &Sqlite, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
    let mut transaction = store.write().await?;
    let mut purged_rows = 0;
    for (statement, age) in [
        (sql::PURGE_KEYS, retention::IDEMPOTENCY_KEYS),
        (PURGE_INBOX, retention::INBOX),
        (PURGE_OUTBOX, retention::OUTBOX),
        (sql::PURGE_DEAD_LETTERS, retention::DEAD_LETTERS),
    ] {
        let purged = sqlx::query(statement)
            .bind((now - age).timestamp_micros())
            .bind(i64::from(limit))
            .execute(&mut *transaction)
            .await?;
        purged_rows += purged.rows_affected();
    }
    transaction.commit().await?;
    Ok(purged_rows)
}

/// The dead letters that are over the ceiling.
pub(super) async fn excess(
    store: &Sqlite,
    ceiling: DeadLetterLimit,
    limit: u32,
) -> Result<Vec<ExcessDeadLetter>, StoreError> {
    let mut transaction = store.read().await?;
    let found: Vec<ExcessDeadLetterRow> = sqlx::query_as(sql::EXCESS_LETTERS)
        .bind(ceiling.recorded_after.timestamp_micros())
        .bind(ceiling.newest_offset())
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
    transaction.rollback().await;
    found.into_iter().map(ExcessDeadLetter::try_from).collect()
}

/// Deletes dead letters.
pub(super) async fn drop_letters(store: &Sqlite, ids: &[Uuid]) -> Result<(), StoreError> {
    let mut transaction = store.write().await?;
    for id in ids {
        sqlx::query(DROP_LETTER).bind(id.to_string()).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

const DROP_LETTER: &str = "DELETE FROM dead_letters WHERE id = $1 AND replayed_at IS NULL";
