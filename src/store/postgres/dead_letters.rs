//! Messages that were given up.

use chrono::DateTime;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    orders::{DeadLetter, FulfilmentMessage},
    store::{
        Listed, Slice, Stamp, StoreError,
        rows::DeadLetterRow,
        sql::{BEFORE_NEWEST, DEAD_LETTERS},
    },
};

use super::sql;

pub(super) async fn record(
    pool: &PgPool,
    letter: &DeadLetter,
    fails: Option<&FulfilmentMessage>,
    stamp: Stamp,
) -> Result<(), StoreError> {
    sqlx::query(sql::RECORD_DEAD_LETTER)
        .bind(letter.id.to_string())
        .bind(&letter.queue)
        .bind(letter.message_id.as_ref().map(Uuid::to_string))
        .bind(letter.order_id.as_ref().map(ToString::to_string))
        .bind(letter.reason.as_str())
        .bind(letter.dequeue_count.map(i64::from))
        .bind(&letter.payload)
        .bind(format!("{:x}", Sha256::digest(&letter.payload)))
        .bind(letter.recorded_at.timestamp_micros())
        .bind(letter.replayed_at.as_ref().map(DateTime::timestamp_micros))
        .bind(fails.map(|message| message.order_id.to_string()))
        .bind(fails.map(|message| message.message_id.to_string()))
        .bind(stamp.at.timestamp_micros())
        .bind(stamp.invocation.to_string())
        .execute(pool)
        .await?;
    Ok(())
}

pub(super) async fn list(pool: &PgPool, slice: &Slice<Uuid>) -> Result<Listed<DeadLetter>, StoreError> {
    let after = slice.after.map_or_else(|| BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found: Vec<DeadLetterRow> =
        sqlx::query_as(DEAD_LETTERS).bind(after).bind(slice.with_next()).fetch_all(pool).await?;
    let Listed { items, more } = slice.cut(found);
    Ok(Listed { items: items.into_iter().map(DeadLetter::try_from).collect::<Result<_, _>>()?, more })
}
