//! From queued to decided.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{
    orders::{Action, Actor, FulfilmentMessage, Order, OrderId, Status},
    policy::{Permit, QueueOrder},
    store::{
        Change, Conflict, Decision, FULFILMENT, FulfilmentTarget, StoreError, WriteContext, WriteError,
        rows::OrderRow, scope::BindScope as _, sql,
    },
};

#[cfg(feature = "fault-injection")]
use crate::store::fault_injection::{self, InjectedFault};

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
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let scope = permit.scope();
    let mut transaction = store.write().await?;
    let row: Option<OrderRow> = sqlx::query_as(sql::QUEUE_ORDER.for_scope(scope))
        .bind(message.order_id.to_string())
        .bind(context.at.timestamp_micros())
        .bind_scope(scope)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        let current = find(&mut transaction, scope, message.order_id).await?;
        transaction.rollback().await;
        return match current {
            None => Err(WriteError::NotFound),
            Some(order) if order.status == Status::Queued => Ok(Change::Unchanged(order)),
            Some(_) => Err(WriteError::Conflict(Conflict::Process)),
        };
    };
    let item = context.history_item(Action::Process, Some(Status::Placed), Status::Queued, permit.actor());
    record(&mut transaction, message.order_id, row.version.0, item).await?;
    #[cfg(feature = "fault-injection")]
    if InjectedFault::OutboxApart.is_on() {
        transaction.commit().await?;
        fault_injection::pause().await;
        transaction = store.write().await?;
    }
    outbox::insert(&mut transaction, message, relay_at, context).await?;
    let order = with_lines(&mut transaction, row).await?;
    transaction.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn load(
    store: &Sqlite,
    message: &FulfilmentMessage,
    context: WriteContext,
) -> Result<FulfilmentTarget, StoreError> {
    let mut transaction = store.write().await?;
    #[cfg(feature = "fault-injection")]
    if InjectedFault::InboxOff.is_on() {
        fault_injection::forget_on_sqlite(&mut transaction, message).await?;
    }
    if outbox::has_reused_id(&mut transaction, message).await? {
        transaction.rollback().await;
        return Ok(FulfilmentTarget::IdReused);
    }
    let Some(order) = order_of(&mut transaction, message).await? else {
        transaction.rollback().await;
        return Ok(FulfilmentTarget::NotFound);
    };
    if order.status == Status::Queued {
        transaction.rollback().await;
        return Ok(FulfilmentTarget::Queued(order));
    }
    inbox::receive(&mut transaction, FULFILMENT, message.message_id, None, context).await?;
    outbox::close(&mut transaction, message, context).await?;
    transaction.commit().await?;
    Ok(FulfilmentTarget::NotQueued)
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

pub(super) async fn record_decision(
    store: &Sqlite,
    message: &FulfilmentMessage,
    decision: Decision,
    context: WriteContext,
) -> Result<bool, StoreError> {
    let (action, status) = decision.transition();
    let mut transaction = store.write().await?;
    #[cfg(feature = "fault-injection")]
    if InjectedFault::InboxOff.is_on() {
        fault_injection::forget_on_sqlite(&mut transaction, message).await?;
    }
    let decided = inbox::receive(&mut transaction, FULFILMENT, message.message_id, None, context).await?
        && leave_queue(&mut transaction, message.order_id, action, status, context).await?;
    outbox::close(&mut transaction, message, context).await?;
    transaction.commit().await?;
    Ok(decided)
}

/// Ends the wait of a `queued` order; any other order stays unchanged. Tells whether it did.
pub(super) async fn leave_queue(
    connection: &mut SqliteConnection,
    id: OrderId,
    action: Action,
    status: Status,
    context: WriteContext,
) -> Result<bool, StoreError> {
    let changed: Option<i64> = sqlx::query_scalar(sql::LEAVE_QUEUE)
        .bind(id.to_string())
        .bind(status.as_str())
        .bind(context.at.timestamp_micros())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(version) = changed {
        let item = context.history_item(action, Some(Status::Queued), status, Actor::SYSTEM);
        record(connection, id, version, item).await?;
    }
    Ok(changed.is_some())
}
