//! Changing orders that are still placed, and what happened to them.

use crate::{
    orders::{
        Action, HistoryEntry, Note, Order, OrderId, OrderRevision, Page, PageRequest, Precondition, Status,
    },
    policy::{AccessScope, ChangeOrder, Permit, WithdrawOrder},
    store::{
        Change, Conflict, StoreError, WriteContext, WriteError,
        precondition::CurrentOrder,
        rows::{HistoryRow, OrderRow},
        scope::BindScope as _,
        sql,
    },
};

use super::{
    Sqlite,
    create_order::{insert_lines, price_lines, total},
    orders::{find, record, with_lines},
};

pub(super) async fn update(
    store: &Sqlite,
    permit: &Permit<ChangeOrder>,
    id: OrderId,
    revision: &OrderRevision,
    precondition: Precondition,
    context: WriteContext,
) -> Result<Order, WriteError> {
    let owner = permit.caller();
    let mut transaction = store.write().await?;
    let current = find(&mut transaction, AccessScope::Owner(owner), id).await?;
    let currency = current.as_ref().map(|order| order.currency);
    let lines = match price_lines(&mut transaction, &revision.lines, currency).await {
        Ok(lines) => lines,
        Err(error) => return transaction.rollback_with(error).await,
    };
    let version = match precondition
        .check_order(current.map(|order| CurrentOrder { version: order.version, status: order.status }))
    {
        Ok(version) => version,
        Err(error) => return transaction.rollback_with(error).await,
    };
    let row: Option<OrderRow> = sqlx::query_as(sql::UPDATE_ORDER)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(version.cast_signed())
        .bind(revision.reference.as_str())
        .bind(total(&lines)?.get())
        .bind(revision.note.as_ref().map(Note::as_str))
        .bind(context.at.timestamp_micros())
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else { return transaction.rollback_with(WriteError::PreconditionFailed).await };
    sqlx::query(sql::DELETE_LINES).bind(id.to_string()).execute(&mut *transaction).await?;
    insert_lines(&mut transaction, id, &lines).await?;
    let item = context.history_item(Action::Update, Some(Status::Placed), Status::Placed, permit.actor());
    record(&mut transaction, id, row.version.0, item).await?;
    let order = with_lines(&mut transaction, row).await?;
    transaction.commit().await?;
    Ok(order)
}

pub(super) async fn cancel(
    store: &Sqlite,
    permit: &Permit<WithdrawOrder>,
    id: OrderId,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let scope = permit.scope();
    let mut transaction = store.write().await?;
    let row: Option<OrderRow> = sqlx::query_as(sql::CANCEL_ORDER.for_scope(scope))
        .bind(id.to_string())
        .bind(context.at.timestamp_micros())
        .bind_scope(scope)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        let current = find(&mut transaction, scope, id).await?;
        transaction.rollback().await;
        return match current {
            None => Err(WriteError::NotFound),
            Some(order) if order.status == Status::Cancelled => Ok(Change::Unchanged(order)),
            Some(_) => Err(WriteError::Conflict(Conflict::Cancel)),
        };
    };
    let item = context.history_item(Action::Cancel, Some(Status::Placed), Status::Cancelled, permit.actor());
    record(&mut transaction, id, row.version.0, item).await?;
    let order = with_lines(&mut transaction, row).await?;
    transaction.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn history(
    store: &Sqlite,
    scope: AccessScope,
    id: OrderId,
    page: &PageRequest<u64>,
) -> Result<Option<Page<HistoryEntry>>, StoreError> {
    let before = page.after.map_or(i64::MAX, |version| i64::try_from(version).unwrap_or(i64::MAX));
    let mut transaction = store.read().await?;
    let found: Vec<HistoryRow> = sqlx::query_as(sql::HISTORY.for_scope(scope))
        .bind(id.to_string())
        .bind(before)
        .bind(page.limit_with_next())
        .bind_scope(scope)
        .fetch_all(&mut *transaction)
        .await?;
    let is_there = !found.is_empty() || find(&mut transaction, scope, id).await?.is_some();
    transaction.rollback().await;
    if !is_there {
        return Ok(None);
    }
    let Page { items, has_more } = page.to_page(found);
    let items = items.into_iter().map(HistoryEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Some(Page { items, has_more }))
}
