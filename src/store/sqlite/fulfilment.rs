//! From queued to decided.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{
    orders::{Action, Actor, FulfilmentMessage, Order, OrderId, Status},
    policy::{Permit, QueueOrder},
    store::{
        Change, Conflict, Decision, FULFILMENT, Pending, Stamp, StoreError, WriteError, rows::OrderRow,
        scope::BindScope as _, sql,
    },
};

#[cfg(feature = "sabotage")]
use crate::store::sabotage::{self, Sabotage};

use super::{
    Sqlite, inbox,
    orders::{find, record, with_lines},
    outbox,
};

pub(super) async fn queue(
    store: &Sqlite,
    permit: &Permit<QueueOrder>,
    message: &FulfilmentMessage,
    relay_at: DateTime<Utc>,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let scope = permit.scope();
    let mut unit = store.write().await?;
    let row: Option<OrderRow> = sqlx::query_as(sql::QUEUE_ORDER.of(scope))
        .bind(message.order_id.to_string())
        .bind(stamp.at.timestamp_micros())
        .bind_scope(scope)
        .fetch_optional(&mut *unit)
        .await?;
    let Some(row) = row else {
        let there = find(&mut unit, scope, message.order_id).await?;
        unit.leave().await;
        return match there {
            None => Err(WriteError::NotFound),
            Some(order) if order.status == Status::Queued => Ok(Change::Unchanged(order)),
            Some(_) => Err(WriteError::Conflict(Conflict::Process)),
        };
    };
    let item = stamp.item(Action::Process, Some(Status::Placed), Status::Queued, permit.actor());
    record(&mut unit, message.order_id, row.version, item).await?;
    #[cfg(feature = "sabotage")]
    if Sabotage::OutboxApart.is_on() {
        unit.commit().await?;
        sabotage::gap().await;
        unit = store.write().await?;
    }
    outbox::insert(&mut unit, message, relay_at, stamp).await?;
    let order = with_lines(&mut unit, row).await?;
    unit.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn pending(
    store: &Sqlite,
    message: &FulfilmentMessage,
    stamp: Stamp,
) -> Result<Pending, StoreError> {
    let mut unit = store.write().await?;
    #[cfg(feature = "sabotage")]
    if Sabotage::InboxOff.is_on() {
        sabotage::forget(&mut unit, message).await?;
    }
    if outbox::is_reused(&mut unit, message).await? {
        unit.leave().await;
        return Ok(Pending::Reused);
    }
    let Some(order) = order_of(&mut unit, message).await? else {
        unit.leave().await;
        return Ok(Pending::Unknown);
    };
    if order.status == Status::Queued {
        unit.leave().await;
        return Ok(Pending::Order(order));
    }
    inbox::receive(&mut unit, FULFILMENT, message.message_id, None, stamp).await?;
    outbox::close(&mut unit, message, stamp).await?;
    unit.commit().await?;
    Ok(Pending::Settled)
}

/// The order that a message of ours points at: no caller asks, so no scope confines it.
async fn order_of(
    connection: &mut SqliteConnection,
    message: &FulfilmentMessage,
) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(sql::ORDER_OF_MESSAGE)
        .bind(message.order_id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => with_lines(connection, row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn decide(
    store: &Sqlite,
    message: &FulfilmentMessage,
    decision: Decision,
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let (action, status) = decision.change();
    let mut unit = store.write().await?;
    #[cfg(feature = "sabotage")]
    if Sabotage::InboxOff.is_on() {
        sabotage::forget(&mut unit, message).await?;
    }
    let decided = inbox::receive(&mut unit, FULFILMENT, message.message_id, None, stamp).await?
        && leave_queue(&mut unit, message.order_id, action, status, stamp).await?;
    outbox::close(&mut unit, message, stamp).await?;
    unit.commit().await?;
    Ok(decided)
}

/// Ends the order's wait; an order that does not wait stays as it is. Tells whether it did.
pub(super) async fn leave_queue(
    connection: &mut SqliteConnection,
    id: OrderId,
    action: Action,
    status: Status,
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let changed: Option<i64> = sqlx::query_scalar(sql::LEAVE_QUEUE)
        .bind(id.to_string())
        .bind(status.as_str())
        .bind(stamp.at.timestamp_micros())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(version) = changed {
        let item = stamp.item(action, Some(Status::Queued), status, Actor::SYSTEM);
        record(connection, id, version, item).await?;
    }
    Ok(changed.is_some())
}
