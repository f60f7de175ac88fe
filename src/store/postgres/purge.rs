//! Deletes rows whose retention period is over, and dead letters over the ceiling.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    DeadLetterLimit, ExcessDeadLetter, StoreError, retention,
    rows::ExcessDeadLetterRow,
    sql::{EXCESS_LETTERS, PURGE_DEAD_LETTERS, PURGE_KEYS},
};

use super::{
    pool::PoolExecutor,
    sql::{PURGE_INBOX, PURGE_OUTBOX},
};

pub(super) async fn purge(
    executor: PoolExecutor<'_>,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut purged_rows = 0;
    for (statement, age) in [
        (PURGE_KEYS, retention::IDEMPOTENCY_KEYS),
        (PURGE_INBOX, retention::INBOX),
        (PURGE_OUTBOX, retention::OUTBOX),
        (PURGE_DEAD_LETTERS, retention::DEAD_LETTERS),
    ] {
        let purged = sqlx::query(statement)
            .bind((now - age).timestamp_micros())
            .bind(i64::from(limit))
            .execute(executor)
            .await?;
        purged_rows += purged.rows_affected();
    }
    Ok(purged_rows)
}

/// The dead letters that are over the ceiling.
pub(super) async fn excess(
    executor: PoolExecutor<'_>,
    ceiling: DeadLetterLimit,
    limit: u32,
) -> Result<Vec<ExcessDeadLetter>, StoreError> {
    let found: Vec<ExcessDeadLetterRow> = sqlx::query_as(EXCESS_LETTERS)
        .bind(ceiling.recorded_after.timestamp_micros())
        .bind(ceiling.newest_offset())
        .bind(i64::from(limit))
        .fetch_all(executor)
        .await?;
    found.into_iter().map(ExcessDeadLetter::try_from).collect()
}

/// Deletes dead letters.
pub(super) async fn drop_letters(executor: PoolExecutor<'_>, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query(DROP_LETTERS).bind(ids).execute(executor).await?;
    Ok(())
}

const DROP_LETTERS: &str = "DELETE FROM dead_letters WHERE id = ANY($1) AND replayed_at IS NULL";
