//! Dead letters: recording, listing, replay.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::{Action, Actor, DeadLetter, FulfilmentMessage, OrderId, Page, PageRequest, Reason, Status},
    policy::{Permit, ResendDeadLetter},
    store::{
        Conflict, DeadLettered, StoreError, WriteContext, WriteError,
        replay::{Replay, binding_for_queue},
        rows::DeadLetterRow,
        sql,
    },
};

use super::{Sqlite, fulfilment::leave_queue, orders, outbox};

pub(super) async fn record(
    store: &Sqlite,
    letter: &DeadLetter,
    fails: Option<&FulfilmentMessage>,
    context: WriteContext,
) -> Result<DeadLettered, StoreError> {
    let digest = letter.digest();
    let mut transaction = store.write().await?;
    if fails.is_some() && was_replayed(&mut transaction, letter).await? {
        transaction.rollback().await;
        return Ok(DeadLettered { recorded: None, order_failed: false });
    }
    // Under another message's id it is no message of ours, and fails nothing.
    let reused = match fails {
        Some(message) => outbox::has_reused_id(&mut transaction, message).await?,
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
        .bind(digest.to_string())
        .bind(letter.recorded_at.timestamp_micros())
        .bind(letter.replayed_at.as_ref().map(chrono::DateTime::timestamp_micros))
        .execute(&mut *transaction)
        .await?;
    if let Some(binding) = binding_for_queue(&letter.queue) {
        outbox::close_payload(&mut transaction, binding, &digest, context).await?;
    }
    let mut failed = false;
    if let Some(message) = fails.filter(|_| !reused) {
        failed =
            leave_queue(&mut transaction, message.order_id, Action::Fail, Status::Failed, context).await?;
        outbox::close(&mut transaction, message, context).await?;
    }
    transaction.commit().await?;
    Ok(DeadLettered { recorded: (inserted.rows_affected() > 0).then_some(reason), order_failed: failed })
}

pub(super) async fn list(store: &Sqlite, page: &PageRequest<Uuid>) -> Result<Page<DeadLetter>, StoreError> {
    let after = page.after.map_or_else(|| sql::BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let mut transaction = store.read().await?;
    let found: Vec<DeadLetterRow> = sqlx::query_as(sql::DEAD_LETTERS)
        .bind(after)
        .bind(page.limit_with_next())
        .fetch_all(&mut *transaction)
        .await?;
    transaction.rollback().await;
    let Page { items, has_more } = page.to_page(found);
    Ok(Page { items: items.into_iter().map(DeadLetter::try_from).collect::<Result<_, _>>()?, has_more })
}

pub(super) async fn replay(
    store: &Sqlite,
    permit: &Permit<ResendDeadLetter>,
    id: Uuid,
    context: WriteContext,
) -> Result<DeadLetter, WriteError> {
    let mut transaction = store.write().await?;
    let row: Option<DeadLetterRow> = sqlx::query_as(sql::REPLAY_DEAD_LETTER)
        .bind(id.to_string())
        .bind(context.at.timestamp_micros())
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        let there: Option<i64> = sqlx::query_scalar(sql::DEAD_LETTER_EXISTS)
            .bind(id.to_string())
            .fetch_optional(&mut *transaction)
            .await?;
        let error = there.map_or(WriteError::NotFound, |_| WriteError::Conflict(Conflict::Replay));
        return transaction.rollback_with(error).await;
    };
    let letter = DeadLetter::try_from(row)?;
    let replay = Replay::new(&letter, context)?;
    outbox::insert_replay(&mut transaction, &replay, context).await?;
    if let Some(order) = replay.order {
        requeue(&mut transaction, order, permit.actor(), context).await?;
    }
    transaction.commit().await?;
    Ok(letter)
}

/// Sets an order from `failed` back to `queued`; any other stays unchanged.
async fn requeue(
    connection: &mut SqliteConnection,
    id: OrderId,
    actor: Actor,
    context: WriteContext,
) -> Result<(), StoreError> {
    let changed: Option<i64> = sqlx::query_scalar(sql::QUEUE_AGAIN)
        .bind(id.to_string())
        .bind(context.at.timestamp_micros())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(version) = changed {
        let item = context.history_item(Action::Replay, Some(Status::Failed), Status::Queued, actor);
        orders::record(connection, id, version, item).await?;
    }
    Ok(())
}

async fn was_replayed(connection: &mut SqliteConnection, letter: &DeadLetter) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sqlx::query_scalar(sql::WAS_REPLAYED)
        .bind(&letter.queue)
        .bind(letter.digest().to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}
