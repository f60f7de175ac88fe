//! From queued to decided.

use chrono::{DateTime, Utc};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use crate::{
    orders::{FulfilmentMessage, Order, Status},
    policy::{Permit, QueueOrder},
    store::{
        Change, Conflict, Decision, FULFILMENT, Pending, Stamp, StoreError, WriteError, scope::BindScope as _,
    },
};

#[cfg(feature = "sabotage")]
use crate::store::sabotage::{self, Sabotage};

use super::{changes::is_own, orders::find, pool::Access, retry::Attempt, rows::WholeRow, sql};

pub(super) async fn queue(
    access: Access<'_>,
    attempt: Attempt,
    permit: &Permit<QueueOrder>,
    message: &FulfilmentMessage,
    relay_at: DateTime<Utc>,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let (scope, actor) = (permit.scope(), permit.actor());
    loop {
        let row: Option<WholeRow> = sqlx::query_as(sql::QUEUE.of(scope))
            .bind(message.order_id.to_string())
            .bind(stamp.at.timestamp_micros())
            .bind(message.message_id.to_string())
            .bind(FULFILMENT)
            .bind(message.encode())
            .bind(relay_at.timestamp_micros())
            // Due later means that the message leaves with the answer to this very invocation: its first sending.
            .bind(i32::from(relay_at > stamp.at))
            .bind(actor.kind.as_str())
            .bind(actor.object.as_ref().map(Uuid::to_string))
            .bind(stamp.invocation.to_string())
            .bind_scope(scope)
            .fetch_optional(access)
            .await?;
        if let Some(row) = row {
            return Ok(Change::Done(Order::try_from(row)?));
        }
        match find(access, scope, message.order_id).await? {
            None => return Err(WriteError::NotFound),
            // As in `cancel`.
            Some(order) if order.status == Status::Placed => {}
            Some(order) if order.status == Status::Queued && is_own(&order, stamp, attempt) => {
                return Ok(Change::Done(order));
            }
            Some(order) if order.status == Status::Queued => return Ok(Change::Unchanged(order)),
            Some(_) => return Err(WriteError::Conflict(Conflict::Process)),
        }
    }
}

pub(super) async fn pending(
    access: Access<'_>,
    message: &FulfilmentMessage,
    stamp: Stamp,
) -> Result<Pending, StoreError> {
    #[cfg(feature = "sabotage")]
    if Sabotage::InboxOff.is_on() {
        sabotage::forget_on_server(access, message).await?;
    }
    let row = sqlx::query(sql::PENDING)
        .bind(message.order_id.to_string())
        .bind(message.message_id.to_string())
        .bind(stamp.at.timestamp_micros())
        .bind(FULFILMENT)
        .bind(message.encode())
        .fetch_one(access)
        .await?;
    if row.try_get("reused")? {
        return Ok(Pending::Reused);
    }
    if row.try_get::<Option<&str>, _>("id")?.is_none() {
        return Ok(Pending::Unknown);
    }
    let order = Order::try_from(WholeRow::from_row(&row)?)?;
    Ok(if order.status == Status::Queued { Pending::Order(order) } else { Pending::Settled })
}

/// Decides an order that waits. What one of its attempts may have decided before its answer was lost, the next takes for
/// its own.
pub(super) async fn decide(
    access: Access<'_>,
    attempt: Attempt,
    message: &FulfilmentMessage,
    decision: Decision,
    stamp: Stamp,
) -> Result<bool, StoreError> {
    let (action, status) = decision.change();
    #[cfg(feature = "sabotage")]
    if Sabotage::InboxOff.is_on() {
        sabotage::forget_on_server(access, message).await?;
    }
    let decided: bool = sqlx::query_scalar(sql::DECIDE)
        .bind(message.order_id.to_string())
        .bind(status.as_str())
        .bind(stamp.at.timestamp_micros())
        .bind(message.message_id.to_string())
        .bind(FULFILMENT)
        .bind(action.as_str())
        .bind(stamp.invocation.to_string())
        .fetch_one(access)
        .await?;
    Ok(decided || is_left(access, attempt, message, status, stamp).await?)
}

/// Whether an order was left in this state at that very instant.
const IS_LEFT: &str =
    "SELECT EXISTS (SELECT 1 FROM orders WHERE id = $1 AND status = $2 AND updated_at = $3)";

/// Whether an attempt of this call, whose answer was lost, left the order in this state.
pub(super) async fn is_left(
    access: Access<'_>,
    attempt: Attempt,
    message: &FulfilmentMessage,
    status: Status,
    stamp: Stamp,
) -> Result<bool, StoreError> {
    if attempt == Attempt::First {
        return Ok(false);
    }
    let left = sqlx::query_scalar(IS_LEFT)
        .bind(message.order_id.to_string())
        .bind(status.as_str())
        .bind(stamp.at.timestamp_micros())
        .fetch_one(access)
        .await?;
    Ok(left)
}
