//! Creates orders, for callers and for owners named in a message.

use chrono::{DateTime, Utc};
use sqlx::SqliteConnection;

use crate::{
    orders::{
        Action, Actor, Currency, Digest, IdempotencyKey, IncomingOrder, InvalidLine, Line, LineDraft,
        LineError, Money, Note, Order, OrderDraft, OrderId, Owner, Status,
    },
    policy::{Permit, PlaceOrder},
    store::{
        Change, INCOMING, StoreError, WriteContext, WriteError,
        new_order::NewOrder,
        retention,
        rows::{IdempotencyKeyRow, OrderRow},
        sql,
    },
};

#[cfg(feature = "fault-injection")]
use crate::store::fault_injection::{self, InjectedFault};

use super::{
    Sqlite,
    in_flight::InFlightRequest,
    inbox,
    orders::{product, record, with_lines},
    outbox,
};

pub(super) async fn create_order(
    store: &Sqlite,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&IdempotencyKey>,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let owner = permit.caller();
    let request = key.map(|key| store.in_flight.begin(owner, key));
    let mut transaction = match store.write().await {
        Err(sqlx::Error::PoolTimedOut) if request.as_ref().is_some_and(InFlightRequest::has_duplicate) => {
            return Err(WriteError::InProgress);
        }
        transaction => transaction?,
    };
    if let Some(key) = key
        && let Some(row) = find_key(&mut transaction, owner, key, context.retention_at).await?
    {
        transaction.rollback().await;
        if !row.content.is(&draft.content_digest()) {
            return Err(WriteError::KeyReused);
        }
        return Ok(Change::Unchanged(row.into_order(draft, owner)?));
    }
    let lines = match price_lines(&mut transaction, &draft.lines, Some(draft.currency)).await {
        Ok(lines) => lines,
        Err(error) => return transaction.rollback_with(error).await,
    };
    let new = NewOrder { id, owner, actor: permit.actor(), draft, context };
    let order = insert(&mut transaction, new, &lines).await?;
    if let Some(key) = key {
        #[cfg(feature = "fault-injection")]
        if InjectedFault::KeyApart.is_on() {
            transaction.commit().await?;
            fault_injection::pause().await;
            transaction = store.write().await?;
        }
        insert_key(&mut transaction, key, &draft.content_digest(), &order).await?;
    }
    #[cfg(feature = "fault-injection")]
    if InjectedFault::CommitLate.is_on() {
        fault_injection::commit_later(transaction.commit());
        return Ok(Change::Done(order));
    }
    transaction.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn ingest(
    store: &Sqlite,
    message: &IncomingOrder,
    id: OrderId,
    context: WriteContext,
) -> Result<Change<Order, ()>, WriteError> {
    let (draft, digest) = (&message.draft, message.content_digest());
    let mut transaction = store.write().await?;
    if let Some(received) = inbox::content(&mut transaction, INCOMING, message.message_id).await? {
        if received != digest.to_string() {
            return transaction.rollback_with(WriteError::KeyReused).await;
        }
        outbox::close_payload(&mut transaction, INCOMING, &message.payload_digest, context).await?;
        transaction.commit().await?;
        return Ok(Change::Unchanged(()));
    }
    let lines = match price_lines(&mut transaction, &draft.lines, Some(draft.currency)).await {
        Ok(lines) => lines,
        Err(error) => return transaction.rollback_with(error).await,
    };
    let new = NewOrder { id, owner: message.owner, actor: Actor::SYSTEM, draft, context };
    let order = insert(&mut transaction, new, &lines).await?;
    inbox::receive(&mut transaction, INCOMING, message.message_id, Some(&digest), context).await?;
    outbox::close_payload(&mut transaction, INCOMING, &message.payload_digest, context).await?;
    transaction.commit().await?;
    Ok(Change::Done(order))
}

/// Writes an order, its lines and its history row.
async fn insert(
    connection: &mut SqliteConnection,
    new: NewOrder<'_>,
    lines: &[Line],
) -> Result<Order, StoreError> {
    let NewOrder { id, owner, actor, draft, context } = new;
    let row: OrderRow = sqlx::query_as(sql::INSERT_ORDER)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(draft.reference.as_str())
        .bind(draft.currency.as_str())
        .bind(total(lines)?.get())
        .bind(draft.note.as_ref().map(Note::as_str))
        .bind(context.at.timestamp_micros())
        .fetch_one(&mut *connection)
        .await?;
    insert_lines(connection, id, lines).await?;
    record(connection, id, row.version.0, context.history_item(Action::Place, None, Status::Placed, actor))
        .await?;
    with_lines(connection, row).await
}

/// Every line at today's price, or every line that has none; in any currency when none is named.
pub(super) async fn price_lines(
    connection: &mut SqliteConnection,
    wanted: &[LineDraft],
    currency: Option<Currency>,
) -> Result<Vec<Line>, WriteError> {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    for (index, line) in wanted.iter().enumerate() {
        match product(connection, &line.sku).await?.filter(|product| product.active) {
            None => refused.push(InvalidLine { index, error: LineError::UnknownProduct }),
            Some(product) if currency.is_some_and(|currency| product.currency != currency) => {
                refused.push(InvalidLine { index, error: LineError::CurrencyMismatch });
            }
            Some(product) => lines.push(line.at_price(product.unit_price)),
        }
    }
    if refused.is_empty() { Ok(lines) } else { Err(WriteError::InvalidLines(refused)) }
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
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<Option<IdempotencyKeyRow>, sqlx::Error> {
    sqlx::query_as(sql::KEY)
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(key.as_str())
        .bind((now - retention::IDEMPOTENCY_KEYS).timestamp_micros())
        .fetch_optional(connection)
        .await
}

async fn insert_key(
    connection: &mut SqliteConnection,
    key: &IdempotencyKey,
    content: &Digest,
    order: &Order,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::INSERT_KEY)
        .bind(order.owner.tenant.to_string())
        .bind(order.owner.object.to_string())
        .bind(key.as_str())
        .bind(content.to_string())
        .bind(order.id.to_string())
        .bind(IdempotencyKeyRow::prices_json(order))
        .bind(order.created_at.timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}
