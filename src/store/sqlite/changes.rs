//! Changing orders that are still placed, and what happened to them.

use crate::{
    orders::{
        Action, Note, Order, OrderId, OrderRevision, Page, PageRequest, Precondition, Recorded, Status,
    },
    policy::{AccessScope, ChangeOrder, Permit, WithdrawOrder},
    store::{
        Change, Conflict, Stamp, StoreError, WriteError,
        precondition::Existing,
        rows::{HistoryRow, OrderRow},
        scope::BindScope as _,
        sql,
    },
};

use super::{
    Sqlite,
    orders::{find, record, with_lines},
    placing::{insert_lines, price, total},
};

pub(super) async fn update(
    store: &Sqlite,
    permit: &Permit<ChangeOrder>,
    id: OrderId,
    revision: &OrderRevision,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<Order, WriteError> {
    let owner = permit.caller();
    let mut unit = store.write().await?;
    let there = find(&mut unit, AccessScope::Owner(owner), id).await?;
    let currency = there.as_ref().map(|order| order.currency);
    let lines = match price(&mut unit, &revision.lines, currency).await {
        Ok(lines) => lines,
        Err(error) => return unit.fail(error).await,
    };
    let version = match precondition
        .hold_order(there.map(|order| Existing { version: order.version, status: order.status }))
    {
        Ok(version) => version,
        Err(error) => return unit.fail(error).await,
    };
    let row: Option<OrderRow> = sqlx::query_as(sql::UPDATE_ORDER)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(version.cast_signed())
        .bind(revision.reference.as_str())
        .bind(total(&lines)?.get())
        .bind(revision.note.as_ref().map(Note::as_str))
        .bind(stamp.at.timestamp_micros())
        .fetch_optional(&mut *unit)
        .await?;
    let Some(row) = row else { return unit.fail(WriteError::Stale).await };
    sqlx::query(sql::DELETE_LINES).bind(id.to_string()).execute(&mut *unit).await?;
    insert_lines(&mut unit, id, &lines).await?;
    let item = stamp.item(Action::Update, Some(Status::Placed), Status::Placed, permit.actor());
    record(&mut unit, id, row.version, item).await?;
    let order = with_lines(&mut unit, row).await?;
    unit.commit().await?;
    Ok(order)
}

pub(super) async fn cancel(
    store: &Sqlite,
    permit: &Permit<WithdrawOrder>,
    id: OrderId,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let scope = permit.scope();
    let mut unit = store.write().await?;
    let row: Option<OrderRow> = sqlx::query_as(sql::CANCEL_ORDER.of(scope))
        .bind(id.to_string())
        .bind(stamp.at.timestamp_micros())
        .bind_scope(scope)
        .fetch_optional(&mut *unit)
        .await?;
    let Some(row) = row else {
        let there = find(&mut unit, scope, id).await?;
        unit.leave().await;
        return match there {
            None => Err(WriteError::NotFound),
            Some(order) if order.status == Status::Cancelled => Ok(Change::Unchanged(order)),
            Some(_) => Err(WriteError::Conflict(Conflict::Cancel)),
        };
    };
    let item = stamp.item(Action::Cancel, Some(Status::Placed), Status::Cancelled, permit.actor());
    record(&mut unit, id, row.version, item).await?;
    let order = with_lines(&mut unit, row).await?;
    unit.commit().await?;
    Ok(Change::Done(order))
}

pub(super) async fn history(
    store: &Sqlite,
    scope: AccessScope,
    id: OrderId,
    page: &PageRequest<u64>,
) -> Result<Option<Page<Recorded>>, StoreError> {
    let before = page.after.map_or(i64::MAX, |version| i64::try_from(version).unwrap_or(i64::MAX));
    let mut unit = store.read().await?;
    let found: Vec<HistoryRow> = sqlx::query_as(sql::HISTORY.of(scope))
        .bind(id.to_string())
        .bind(before)
        .bind(page.with_next())
        .bind_scope(scope)
        .fetch_all(&mut *unit)
        .await?;
    let is_there = !found.is_empty() || find(&mut unit, scope, id).await?.is_some();
    unit.leave().await;
    if !is_there {
        return Ok(None);
    }
    let Page { items, more } = page.truncate(found);
    let items = items.into_iter().map(Recorded::try_from).collect::<Result<_, _>>()?;
    Ok(Some(Page { items, more }))
}
