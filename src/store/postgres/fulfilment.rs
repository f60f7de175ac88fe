//! From queued to decided.

use chrono::{DateTime, Utc};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use crate::{
    orders::{FulfilmentMessage, Order, Status},
    policy::{Permit, QueueOrder},
    store::{
        Change, Conflict, Decision, FULFILMENT, FulfilmentTarget, StoreError, WriteContext, WriteError,
        scope::BindScope as _,
    },
};

#[cfg(feature = "fault-injection")]
use crate::store::fault_injection::{self, InjectedFault};

use super::{
    changes::is_own_write, orders::find, pool::PoolExecutor, retry::Attempt, rows::OrderWithLinesRow, sql,
};

pub(super) async fn queue(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    permit: &Permit<QueueOrder>,
    message: &FulfilmentMessage,
    relay_at: DateTime<Utc>,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let (scope, actor) = (permit.scope(), permit.actor());
    loop {
        let row: Option<OrderWithLinesRow> = sqlx::query_as(sql::QUEUE.for_scope(scope))
            .bind(message.order_id.uuid())
            .bind(context.at.timestamp_micros())
            .bind(message.message_id)
            .bind(FULFILMENT)
            .bind(message.encode())
            .bind(relay_at.timestamp_micros())
            // Due later means that the message leaves with the answer to this very invocation: its first sending.
            .bind(i32::from(relay_at > context.at))
            .bind(actor.kind.as_str())
            .bind(actor.object)
            .bind(context.invocation)
            .bind_scope(scope)
            .fetch_optional(executor)
            .await?;
        if let Some(row) = row {
            return Ok(Change::Done(Order::try_from(row)?));
        }
        match find(executor, scope, message.order_id).await? {
            None => return Err(WriteError::NotFound),
            // As in `cancel`.
            Some(order) if order.status == Status::Placed => {}
            Some(order) if order.status == Status::Queued && is_own_write(&order, context, attempt) => {
                return Ok(Change::Done(order));
            }
            Some(order) if order.status == Status::Queued => return Ok(Change::Unchanged(order)),
            Some(_) => return Err(WriteError::Conflict(Conflict::Process)),
        }
    }
}

pub(super) async fn load(
    executor: PoolExecutor<'_>,
    message: &FulfilmentMessage,
    context: WriteContext,
) -> Result<FulfilmentTarget, StoreError> {
    #[cfg(feature = "fault-injection")]
    if InjectedFault::InboxOff.is_on() {
        fault_injection::forget_on_postgres(executor, message).await?;
    }
    let row = sqlx::query(sql::PENDING)
        .bind(message.order_id.uuid())
        .bind(message.message_id)
        .bind(context.at.timestamp_micros())
        .bind(FULFILMENT)
        .bind(message.encode())
        .fetch_one(executor)
        .await?;
    if row.try_get("reused")? {
        return Ok(FulfilmentTarget::IdReused);
    }
    if row.try_get::<Option<Uuid>, _>("id")?.is_none() {
        return Ok(FulfilmentTarget::NotFound);
    }
    let order = Order::try_from(OrderWithLinesRow::from_row(&row)?)?;
    Ok(if order.status == Status::Queued {
        FulfilmentTarget::Queued(order)
    } else {
        FulfilmentTarget::NotQueued
    })
}

/// Decides an order that waits. An attempt whose answer was lost may have committed; the next attempt recognizes its
/// own decision.
pub(super) async fn record_decision(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    message: &FulfilmentMessage,
    decision: Decision,
    context: WriteContext,
) -> Result<bool, StoreError> {
    let (action, status) = decision.transition();
    #[cfg(feature = "fault-injection")]
    if InjectedFault::InboxOff.is_on() {
        fault_injection::forget_on_postgres(executor, message).await?;
    }
    let decided: bool = sqlx::query_scalar(sql::DECIDE)
        .bind(message.order_id.uuid())
        .bind(status.as_str())
        .bind(context.at.timestamp_micros())
        .bind(message.message_id)
        .bind(FULFILMENT)
        .bind(action.as_str())
        .bind(context.invocation)
        .fetch_one(executor)
        .await?;
    Ok(decided || was_left_in_status(executor, attempt, message, status, context).await?)
}

/// Whether an order was left in this state at that very instant.
const WAS_LEFT_IN_STATUS: &str =
    "SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1 AND status = $2 AND updated_at = $3)";

/// Whether an attempt of this call, whose answer was lost, left the order in this state.
pub(super) async fn was_left_in_status(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    message: &FulfilmentMessage,
    status: Status,
    context: WriteContext,
) -> Result<bool, StoreError> {
    if attempt == Attempt::First {
        return Ok(false);
    }
    let left = sqlx::query_scalar(WAS_LEFT_IN_STATUS)
        .bind(message.order_id.uuid())
        .bind(status.as_str())
        .bind(context.at.timestamp_micros())
        .fetch_one(executor)
        .await?;
    Ok(left)
}
