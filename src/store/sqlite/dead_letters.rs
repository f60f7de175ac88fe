//! Messages that were given up.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::{Action, Actor, DeadLetter, FulfilmentMessage, OrderId, Page, PageRequest, Reason, Status},
    policy::{Permit, ResendDeadLetter},
    store::{
        Conflict, GivenUp, Stamp, StoreError, WriteError,
        replay::{Replay, binding},
        rows::DeadLetterRow,
        sql,
    },
};

use super::{Sqlite, fulfilment::leave_queue, orders, outbox};

pub(super) async fn record(
    store: &Sqlite,
    letter: &DeadLetter,
    fails: Option<&FulfilmentMessage>,
    stamp: Stamp,
) -> Result<GivenUp, StoreError> {
    let digest = letter.digest();
    let mut unit = store.write().await?;
    if fails.is_some() && was_replayed(&mut unit, letter).await? {
        unit.leave().await;
        return Ok(GivenUp { kept: None, failed: false });
    }
    // Under another message's id it is no message of ours, and fails nothing.
    let reused = match fails {
        Some(message) => outbox::is_reused(&mut unit, message).await?,
        None => false,
    };
    let reason = if reused { Reason::Reused } else { letter.reason };
    let inserted = sqlx::query(sql::INSERT_DEAD_LETTER)
        .bind(letter.id.to_string())
        .bind(&letter.queue)
        .bind(letter.message_id.as_ref().map(Uuid::to_string))
        .bind(letter.order_id.as_ref().map(ToString::to_string))
        .bind(reason.as_str())
        .bind(letter.dequeue_count.map(i64::from))
        .bind(&letter.payload)
        .bind(digest.as_str())
        .bind(letter.recorded_at.timestamp_micros())
        .bind(letter.replayed_at.as_ref().map(chrono::DateTime::timestamp_micros))
        .execute(&mut *unit)
        .await?;
    if let Some(binding) = binding(&letter.queue) {
        outbox::close_payload(&mut unit, binding, &digest, stamp).await?;
    }
    let mut failed = false;
    if let Some(message) = fails.filter(|_| !reused) {
        failed = leave_queue(&mut unit, message.order_id, Action::Fail, Status::Failed, stamp).await?;
        outbox::close(&mut unit, message, stamp).await?;
    }
    unit.commit().await?;
    Ok(GivenUp { kept: (inserted.rows_affected() > 0).then_some(reason), failed })
}

pub(super) async fn list(store: &Sqlite, page: &PageRequest<Uuid>) -> Result<Page<DeadLetter>, StoreError> {
    let after = page.after.map_or_else(|| sql::BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let mut unit = store.read().await?;
    let found: Vec<DeadLetterRow> =
        sqlx::query_as(sql::DEAD_LETTERS).bind(after).bind(page.with_next()).fetch_all(&mut *unit).await?;
    unit.leave().await;
    let Page { items, more } = page.truncate(found);
    Ok(Page { items: items.into_iter().map(DeadLetter::try_from).collect::<Result<_, _>>()?, more })
}

pub(super) async fn replay(
    store: &Sqlite,
    permit: &Permit<ResendDeadLetter>,
    id: Uuid,
    stamp: Stamp,
) -> Result<DeadLetter, WriteError> {
    let mut unit = store.write().await?;
    let row: Option<DeadLetterRow> = sqlx::query_as(sql::REPLAY_DEAD_LETTER)
        .bind(id.to_string())
        .bind(stamp.at.timestamp_micros())
        .fetch_optional(&mut *unit)
        .await?;
    let Some(row) = row else {
        let there: Option<i64> = sqlx::query_scalar(sql::DEAD_LETTER_EXISTS)
            .bind(id.to_string())
            .fetch_optional(&mut *unit)
            .await?;
        let error = there.map_or(WriteError::NotFound, |_| WriteError::Conflict(Conflict::Replay));
        return unit.fail(error).await;
    };
    let letter = DeadLetter::try_from(row)?;
    let replay = Replay::of(&letter, stamp)?;
    outbox::insert_again(&mut unit, &replay, stamp).await?;
    if let Some(order) = replay.order {
        queue_again(&mut unit, order, permit.actor(), stamp).await?;
    }
    unit.commit().await?;
    Ok(letter)
}

/// Lets an order that has failed wait once more; any other stays as it is.
async fn queue_again(
    connection: &mut SqliteConnection,
    id: OrderId,
    actor: Actor,
    stamp: Stamp,
) -> Result<(), StoreError> {
    let changed: Option<i64> = sqlx::query_scalar(sql::QUEUE_AGAIN)
        .bind(id.to_string())
        .bind(stamp.at.timestamp_micros())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(version) = changed {
        let item = stamp.item(Action::Replay, Some(Status::Failed), Status::Queued, actor);
        orders::record(connection, id, version, item).await?;
    }
    Ok(())
}

async fn was_replayed(connection: &mut SqliteConnection, letter: &DeadLetter) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar(sql::WAS_REPLAYED)
        .bind(&letter.queue)
        .bind(letter.digest().as_str())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}
