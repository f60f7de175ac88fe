//! Messages that are on their way until their consumer has committed.

use chrono::{DateTime, Duration, Utc};
use sqlx::SqliteConnection;

use crate::{
    orders::{Digest, FulfilmentMessage},
    store::{
        DueMessage, FULFILMENT, Gauges, Hold, RelayBatch, StoreError, WriteContext,
        deadline::connections_in_use,
        relay_schedule::{self, RelaySchedule},
        replay::Replay,
        rows::{DueMessageRow, GaugesRow, PoolUsage},
        sql,
    },
};

use super::Sqlite;

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    message: &FulfilmentMessage,
    relay_at: DateTime<Utc>,
    context: WriteContext,
) -> Result<(), sqlx::Error> {
    // Due later means that the message leaves with the answer to this very invocation: its first sending.
    let sent = i64::from(relay_at > context.at);
    sqlx::query(sql::INSERT_MESSAGE)
        .bind(message.message_id.to_string())
        .bind(FULFILMENT)
        .bind(message.encode())
        .bind(context.at.timestamp_micros())
        .bind(relay_at.timestamp_micros())
        .bind(sent)
        .bind(None::<String>)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sends a dead letter's message again; nothing of it was sent yet.
pub(super) async fn insert_replay(
    connection: &mut SqliteConnection,
    replay: &Replay,
    context: WriteContext,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::INSERT_MESSAGE)
        .bind(replay.id.to_string())
        .bind(replay.binding)
        .bind(&replay.payload)
        .bind(context.at.timestamp_micros())
        .bind(context.at.timestamp_micros())
        .bind(0_i64)
        .bind(replay.digest.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Closes the outbox rows with this payload, which were sent byte for byte.
pub(super) async fn close_payload(
    connection: &mut SqliteConnection,
    binding: &str,
    payload: &Digest,
    context: WriteContext,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::CLOSE_PAYLOAD)
        .bind(binding)
        .bind(payload.to_string())
        .bind(context.at.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the message's id is that of another message.
pub(super) async fn has_reused_id(
    connection: &mut SqliteConnection,
    message: &FulfilmentMessage,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(sql::MESSAGE_OF_OTHER_CONTENT)
        .bind(message.message_id.to_string())
        .bind(message.encode())
        .fetch_one(connection)
        .await
}

pub(super) async fn close(
    connection: &mut SqliteConnection,
    message: &FulfilmentMessage,
    context: WriteContext,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::CLOSE_MESSAGE)
        .bind(message.message_id.to_string())
        .bind(context.at.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn take_due(
    store: &Sqlite,
    now: DateTime<Utc>,
    deadline: Duration,
    batch: RelayBatch,
    hold: Hold,
) -> Result<Vec<DueMessage>, StoreError> {
    let schedule = RelaySchedule::new(now, deadline);
    let mut transaction = store.write().await?;
    let mut due: Vec<DueMessageRow> = sqlx::query_as(sql::TAKE_DUE)
        .bind(schedule.now)
        .bind(schedule.base_delay)
        .bind(schedule.max_delay)
        .bind(i64::from(batch.max_messages))
        .bind(schedule.future_cutoff)
        .bind(schedule.first_delay)
        .bind(hold.binding())
        .bind(batch.created_from_micros())
        .bind(i64::from(batch.max_bytes))
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    due.sort_unstable_by_key(DueMessageRow::sort_key);
    due.into_iter().map(DueMessage::try_from).collect()
}

pub(super) async fn gauges(store: &Sqlite, now: DateTime<Utc>, hold: Hold) -> Result<Gauges, StoreError> {
    let pools = [&store.writer, &store.readers];
    let pool = PoolUsage {
        in_use: pools.map(connections_in_use).iter().sum(),
        size: pools.map(|pool| pool.options().get_max_connections()).iter().sum(),
    };
    let mut transaction = store.read().await?;
    let row: GaugesRow = sqlx::query_as(sql::GAUGES)
        .bind(relay_schedule::future_cutoff(now))
        .bind(hold.binding())
        .fetch_one(&mut *transaction)
        .await?;
    transaction.rollback().await;
    row.into_gauges(pool)
}
