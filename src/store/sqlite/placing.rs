//! Placing orders, for callers and for owners named in a message.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{
    orders::{
        Action, Actor, Currency, Digest, IncomingOrder, Line, LineDraft, LineFault, Money, Note, Order,
        OrderDraft, OrderId, Owner, RefusedLine, RequestKey, Status,
    },
    policy::{Permit, PlaceOrder},
    store::{
        Change, INCOMING, Stamp, StoreError, WriteError, kept,
        new_order::NewOrder,
        rows::{KeyRow, OrderRow},
        sql,
    },
};

#[cfg(feature = "sabotage")]
use crate::store::sabotage::{self, Sabotage};

use super::{
    Sqlite, inbox,
    orders::{product, record, with_lines},
    outbox,
    turns::Turn,
};

pub(super) async fn place(
    store: &Sqlite,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&RequestKey>,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let owner = permit.caller();
    let turn = key.map(|key| store.turns.begin(owner, key));
    let mut unit = match store.write().await {
        Err(sqlx::Error::PoolTimedOut) if turn.as_ref().is_some_and(Turn::has_twin) => {
            return Err(WriteError::InProgress);
        }
        unit => unit?,
    };
    if let Some(key) = key
        && let Some(row) = find_key(&mut unit, owner, key, stamp.retention_at).await?
    {
        unit.leave().await;
        if row.content != draft.content().as_str() {
            return Err(WriteError::KeyReused);
        }
        return Ok(Change::Unchanged(row.order(draft, owner)?));
    }
    let lines = match price(&mut unit, &draft.lines, Some(draft.currency)).await {
        Ok(lines) => lines,
        Err(error) => return unit.fail(error).await,
    };
    let new = NewOrder { id, owner, actor: permit.actor(), draft, stamp };
    let order = insert(&mut unit, new, &lines).await?;
    if let Some(key) = key {
        #[cfg(feature = "sabotage")]
        if Sabotage::KeyApart.is_on() {
            unit.commit().await?;
            sabotage::gap().await;
            unit = store.write().await?;
        }
        keep_key(&mut unit, key, &draft.content(), &order).await?;
    }
    #[cfg(feature = "sabotage")]
    if Sabotage::CommitLate.is_on() {
        sabotage::commit_later(unit.commit());
        return Ok(Change::Done(order));
    }
    unit.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn ingest(
    store: &Sqlite,
    message: &IncomingOrder,
    id: OrderId,
    stamp: Stamp,
) -> Result<Change<Order, ()>, WriteError> {
    let (draft, content) = (&message.draft, message.content());
    let mut unit = store.write().await?;
    if let Some(received) = inbox::content(&mut unit, INCOMING, message.message_id).await? {
        if received != content.as_str() {
            return unit.fail(WriteError::KeyReused).await;
        }
        outbox::close_payload(&mut unit, INCOMING, &message.payload, stamp).await?;
        unit.commit().await?;
        return Ok(Change::Unchanged(()));
    }
    let lines = match price(&mut unit, &draft.lines, Some(draft.currency)).await {
        Ok(lines) => lines,
        Err(error) => return unit.fail(error).await,
    };
    let new = NewOrder { id, owner: message.owner, actor: Actor::SYSTEM, draft, stamp };
    let order = insert(&mut unit, new, &lines).await?;
    inbox::receive(&mut unit, INCOMING, message.message_id, Some(&content), stamp).await?;
    outbox::close_payload(&mut unit, INCOMING, &message.payload, stamp).await?;
    unit.commit().await?;
    Ok(Change::Done(order))
}

/// Writes an order, its lines and its history row.
async fn insert(
    connection: &mut SqliteConnection,
    new: NewOrder<'_>,
    lines: &[Line],
) -> Result<Order, StoreError> {
    let NewOrder { id, owner, actor, draft, stamp } = new;
    let row: OrderRow = sqlx::query_as(sql::INSERT_ORDER)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(draft.reference.as_str())
        .bind(draft.currency.as_str())
        .bind(total(lines)?.get())
        .bind(draft.note.as_ref().map(Note::as_str))
        .bind(stamp.at.timestamp_micros())
        .fetch_one(&mut *connection)
        .await?;
    insert_lines(connection, id, lines).await?;
    record(connection, id, row.version, stamp.item(Action::Place, None, Status::Placed, actor)).await?;
    with_lines(connection, row).await
}

/// Every line at today's price, or every line that has none; in any currency when none is named.
pub(super) async fn price(
    connection: &mut SqliteConnection,
    wanted: &[LineDraft],
    currency: Option<Currency>,
) -> Result<Vec<Line>, WriteError> {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    for (index, line) in wanted.iter().enumerate() {
        match product(connection, &line.sku).await?.filter(|product| product.active) {
            None => refused.push(RefusedLine { index, fault: LineFault::Unknown }),
            Some(product) if currency.is_some_and(|currency| product.currency != currency) => {
                refused.push(RefusedLine { index, fault: LineFault::Currency });
            }
            Some(product) => lines.push(line.priced(product.unit_price)),
        }
    }
    if refused.is_empty() { Ok(lines) } else { Err(WriteError::Lines(refused)) }
}

/// What all lines cost.
pub(super) fn total(lines: &[Line]) -> Result<Money, StoreError> {
    Money::sum(lines.iter().map(|line| line.line_total))
        .ok_or(StoreError::Inconsistent { table: "order_lines", column: "line_total" })
}

pub(super) async fn insert_lines(
    connection: &mut SqliteConnection,
    id: OrderId,
    lines: &[Line],
) -> Result<(), sqlx::Error> {
    for (position, line) in (0_i64..).zip(lines) {
        sqlx::query(sql::INSERT_LINE)
            .bind(id.to_string())
            .bind(position)
            .bind(line.sku.as_str())
            .bind(line.quantity.get())
            .bind(line.unit_price.get())
            .bind(line.line_total.get())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn find_key(
    connection: &mut SqliteConnection,
    owner: Owner,
    key: &RequestKey,
    now: DateTime<Utc>,
) -> Result<Option<KeyRow>, sqlx::Error> {
    sqlx::query_as(sql::KEY)
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(key.as_str())
        .bind((now - kept::KEY).timestamp_micros())
        .fetch_optional(connection)
        .await
}

async fn keep_key(
    connection: &mut SqliteConnection,
    key: &RequestKey,
    content: &Digest,
    order: &Order,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::KEEP_KEY)
        .bind(order.owner.tenant.to_string())
        .bind(order.owner.object.to_string())
        .bind(key.as_str())
        .bind(content.as_str())
        .bind(order.id.to_string())
        .bind(KeyRow::prices(order))
        .bind(order.created_at.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}
