//! Forgetting what is kept for a time only.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{ExcessLetter, LetterCeiling, StoreError, kept, rows::ExcessLetterRow, sql};

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

/// The dead letters that are over the ceiling.
pub(super) async fn excess(
    store: &Sqlite,
    ceiling: LetterCeiling,
    limit: u32,
) -> Result<Vec<ExcessLetter>, StoreError> {
    let mut unit = store.read().await?;
    let found: Vec<ExcessLetterRow> = sqlx::query_as(sql::EXCESS_LETTERS)
        .bind(ceiling.recorded_after.timestamp_micros())
        .bind(ceiling.newest_but_one())
        .bind(i64::from(limit))
        .fetch_all(&mut *unit)
        .await?;
    unit.leave().await;
    found.into_iter().map(ExcessLetter::try_from).collect()
}

/// Drops dead letters.
pub(super) async fn drop_letters(store: &Sqlite, ids: &[Uuid]) -> Result<(), StoreError> {
    let mut unit = store.write().await?;
    for id in ids {
        sqlx::query(DROP_LETTER).bind(id.to_string()).execute(&mut *unit).await?;
    }
    unit.commit().await?;
    Ok(())
}

const DROP_LETTER: &str = "DELETE FROM dead_letters WHERE id = $1 AND replayed_at IS NULL";
