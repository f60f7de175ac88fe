//! Forgetting what is kept for a time only.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{
    ExcessLetter, LetterCeiling, StoreError, kept,
    rows::ExcessLetterRow,
    sql::{EXCESS_LETTERS, PURGE_DEAD_LETTERS, PURGE_INBOX, PURGE_KEYS, PURGE_OUTBOX},
};

use super::pool::Access;

pub(super) async fn purge(access: Access<'_>, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
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
            .execute(access)
            .await?;
        gone += purged.rows_affected();
    }
    Ok(gone)
}

/// The dead letters that are over the ceiling.
pub(super) async fn excess(
    access: Access<'_>,
    ceiling: LetterCeiling,
    limit: u32,
) -> Result<Vec<ExcessLetter>, StoreError> {
    let found: Vec<ExcessLetterRow> = sqlx::query_as(EXCESS_LETTERS)
        .bind(ceiling.recorded_after.timestamp_micros())
        .bind(ceiling.newest_but_one())
        .bind(i64::from(limit))
        .fetch_all(access)
        .await?;
    found.into_iter().map(ExcessLetter::try_from).collect()
}

/// Drops dead letters.
pub(super) async fn drop_letters(access: Access<'_>, ids: &[Uuid]) -> Result<(), StoreError> {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    sqlx::query(DROP_LETTERS).bind(ids).execute(access).await?;
    Ok(())
}

const DROP_LETTERS: &str = "DELETE FROM dead_letters WHERE id = ANY($1) AND replayed_at IS NULL";
