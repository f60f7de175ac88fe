//! Dead letters: recording, listing, replay.

use chrono::DateTime;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    orders::{DeadLetter, FulfilmentMessage, OrderId, Page, PageRequest, Reason, Status},
    policy::{Permit, ResendDeadLetter},
    store::{
        Conflict, DeadLettered, StoreError, WriteContext, WriteError,
        replay::{Replay, binding_for_queue},
        rows::DeadLetterRow,
        sql::DEAD_LETTERS,
    },
};

use super::{
    fulfilment::was_left_in_status,
    pool::PoolExecutor,
    retry::Attempt,
    sql::{self, BEFORE_NEWEST},
};

/// Whether the dead letter of this id is stored.
const LETTER_IS_KEPT: &str = "SELECT EXISTS (SELECT 1 FROM dead_letters WHERE id = $1)";

/// Stores a dead letter. An attempt whose answer was lost may have committed; the next attempt recognizes its row and
/// its failed order as its own.
pub(super) async fn record(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    letter: &DeadLetter,
    fails: Option<&FulfilmentMessage>,
    context: WriteContext,
) -> Result<DeadLettered, StoreError> {
    let row = sqlx::query(sql::RECORD_DEAD_LETTER)
        .bind(letter.id)
        .bind(&letter.queue)
        .bind(letter.message_id)
        .bind(letter.order_id.map(OrderId::uuid))
        .bind(letter.reason.as_str())
        .bind(letter.dequeue_count.map(i64::from))
        .bind(&letter.payload)
        .bind(letter.digest().as_bytes().as_slice())
        .bind(letter.recorded_at.timestamp_micros())
        .bind(letter.replayed_at.as_ref().map(DateTime::timestamp_micros))
        .bind(fails.map(|message| message.order_id.uuid()))
        .bind(fails.map(|message| message.message_id))
        .bind(context.at.timestamp_micros())
        .bind(context.invocation)
        .bind(binding_for_queue(&letter.queue))
        .bind(fails.map(FulfilmentMessage::encode))
        .fetch_one(executor)
        .await?;
    let is_reused: bool = row.try_get("reused")?;
    let (mut kept, mut failed): (bool, bool) = (row.try_get("kept")?, row.try_get("failed")?);
    if attempt == Attempt::Retry && !kept {
        kept = sqlx::query_scalar(LETTER_IS_KEPT).bind(letter.id).fetch_one(executor).await?;
    }
    if let Some(message) = fails.filter(|_| !is_reused && !failed) {
        failed = was_left_in_status(executor, attempt, message, Status::Failed, context).await?;
    }
    let reason = if is_reused { Reason::Reused } else { letter.reason };
    Ok(DeadLettered { recorded: kept.then_some(reason), order_failed: failed })
}

pub(super) async fn list(
    executor: PoolExecutor<'_>,
    page: &PageRequest<Uuid>,
) -> Result<Page<DeadLetter>, StoreError> {
    let after = page.after.unwrap_or(BEFORE_NEWEST);
    let found: Vec<DeadLetterRow> =
        sqlx::query_as(DEAD_LETTERS).bind(after).bind(page.limit_with_next()).fetch_all(executor).await?;
    let Page { items, has_more } = page.to_page(found);
    Ok(Page { items: items.into_iter().map(DeadLetter::try_from).collect::<Result<_, _>>()?, has_more })
}

/// Reads the message, then marks the dead letter and sends it if no other caller has in between. An attempt whose
/// answer was lost may have committed; the next attempt recognizes its own change.
pub(super) async fn replay(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    permit: &Permit<ResendDeadLetter>,
    id: Uuid,
    context: WriteContext,
) -> Result<DeadLetter, WriteError> {
    let row: Option<DeadLetterRow> =
        sqlx::query_as(sql::DEAD_LETTER).bind(id).fetch_optional(executor).await?;
    let letter = DeadLetter::try_from(row.ok_or(WriteError::NotFound)?)?;
    if let Some(at) = letter.replayed_at {
        let is_own = attempt == Attempt::Retry && at.timestamp_micros() == context.at.timestamp_micros();
        return if is_own { Ok(letter) } else { Err(REPLAYED) };
    }
    let (replay, actor) = (Replay::new(&letter, context)?, permit.actor());
    let row: Option<DeadLetterRow> = sqlx::query_as(sql::REPLAY)
        .bind(id)
        .bind(context.at.timestamp_micros())
        .bind(replay.id)
        .bind(replay.binding)
        .bind(&replay.payload)
        .bind(replay.digest.as_bytes().as_slice())
        .bind(replay.order.map(OrderId::uuid))
        .bind(actor.kind.as_str())
        .bind(actor.object)
        .bind(context.invocation)
        .fetch_optional(executor)
        .await?;
    Ok(DeadLetter::try_from(row.ok_or(REPLAYED)?)?)
}

const REPLAYED: WriteError = WriteError::Conflict(Conflict::Replay);
