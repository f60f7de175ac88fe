//! Messages that were given up.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    orders::{Action, DeadLetter, FulfilmentMessage, Status},
    store::{Listed, Slice, Stamp, StoreError, rows::DeadLetterRow, sql},
};

use super::{Sqlite, fulfilment::leave_queue, outbox};

pub(super) async fn record(
    store: &Sqlite,
    letter: &DeadLetter,
    fails: Option<&FulfilmentMessage>,
    stamp: Stamp,
) -> Result<(), StoreError> {
    let mut unit = store.write().await?;
    sqlx::query(sql::INSERT_DEAD_LETTER)
        .bind(letter.id.to_string())
        .bind(&letter.queue)
        .bind(letter.message_id.as_ref().map(Uuid::to_string))
        .bind(letter.order_id.as_ref().map(ToString::to_string))
        .bind(letter.reason.as_str())
        .bind(letter.dequeue_count.map(i64::from))
        .bind(&letter.payload)
        .bind(format!("{:x}", Sha256::digest(&letter.payload)))
        .bind(letter.recorded_at.timestamp_micros())
        .bind(letter.replayed_at.as_ref().map(chrono::DateTime::timestamp_micros))
        .execute(&mut *unit)
        .await?;
    if let Some(message) = fails {
        leave_queue(&mut unit, message.order_id, Action::Fail, Status::Failed, stamp).await?;
        outbox::close(&mut unit, message, stamp).await?;
    }
    unit.commit().await?;
    Ok(())
}

pub(super) async fn list(store: &Sqlite, slice: &Slice<Uuid>) -> Result<Listed<DeadLetter>, StoreError> {
    let after = slice.after.map_or_else(|| sql::BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found: Vec<DeadLetterRow> = sqlx::query_as(sql::DEAD_LETTERS)
        .bind(after)
        .bind(slice.with_next())
        .fetch_all(&mut *store.read().await?)
        .await?;
    let Listed { items, more } = slice.cut(found);
    Ok(Listed { items: items.into_iter().map(DeadLetter::try_from).collect::<Result<_, _>>()?, more })
}
