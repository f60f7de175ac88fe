//! Changing orders that are still placed, and what happened to them.

use sqlx::{FromRow as _, Row as _, postgres::PgRow};

use crate::{
    orders::{HistoryEntry, Note, Order, OrderId, OrderRevision, Page, PageRequest, Precondition, Status},
    policy::{AccessScope, ChangeOrder, Permit, WithdrawOrder},
    store::{
        Change, Conflict, StoreError, WriteContext, WriteError,
        precondition::CurrentOrder,
        rows::{HistoryRow, LineRow, OrderRow},
        scope::BindScope as _,
        sql::HISTORY,
    },
};

use super::{
    create_order::{ListedPrice, price_lines},
    orders::find,
    pool::PoolExecutor,
    retry::Attempt,
    rows::OrderWithLinesRow,
    sql,
};

/// An attempt whose answer was lost may have committed; the next attempt recognizes its own change, and no other's.
pub(super) async fn update(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    permit: &Permit<ChangeOrder>,
    id: OrderId,
    revision: &OrderRevision,
    precondition: Precondition,
    context: WriteContext,
) -> Result<Order, WriteError> {
    let (owner, actor) = (permit.caller(), permit.actor());
    let wanted = match precondition {
        Precondition::Version(version) => i64::try_from(version).ok(),
        Precondition::None | Precondition::Absent | Precondition::UnknownVersion => None,
    };
    let rows = sqlx::query(sql::UPDATE)
        .bind(id.uuid())
        .bind(owner.tenant)
        .bind(owner.object)
        .bind(revision.reference.as_str())
        .bind(wanted)
        .bind(revision.note.as_ref().map(Note::as_str))
        .bind(context.at.timestamp_micros())
        .bind(revision.lines.iter().map(|line| line.sku.as_str()).collect::<Vec<_>>())
        .bind(revision.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>())
        .bind(actor.kind.as_str())
        .bind(actor.object)
        .bind(context.invocation)
        .fetch_all(executor)
        .await?;
    let mut prices = Vec::with_capacity(rows.len());
    for row in &rows {
        prices.push(ListedPrice { unit_price: row.try_get("unit_price")?, fits: row.try_get("fits")? });
    }
    let allowed = match price_lines(prices)? {
        Ok(_) => precondition.check_order(current(&rows)?).map(drop),
        Err(refused) => Err(WriteError::InvalidLines(refused)),
    };
    match (allowed, attempt) {
        (Ok(()), _) => Ok(updated(&rows)?),
        (Err(error), Attempt::First) => Err(error),
        // The attempt whose answer was lost made its own version, and a product can have changed since.
        (Err(error), Attempt::Retry) => own_update(executor, id, context).await?.ok_or(error),
    }
}

/// The current order, if this invocation changed it.
async fn own_update(
    executor: PoolExecutor<'_>,
    id: OrderId,
    context: WriteContext,
) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderWithLinesRow> = sqlx::query_as(sql::OWN_UPDATE)
        .bind(id.uuid())
        .bind(context.invocation)
        .bind(context.at.timestamp_micros())
        .fetch_optional(executor)
        .await?;
    row.map(Order::try_from).transpose()
}

/// Version and status of the order that was there; the same in every row.
fn current(rows: &[PgRow]) -> Result<Option<CurrentOrder>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    let (version, status): (Option<i32>, Option<String>) =
        (row.try_get("there_version")?, row.try_get("there_status")?);
    let fault = |column| StoreError::Inconsistent { table: "orders", column };
    version.zip(status).map_or(Ok(None), |(version, status)| {
        let version = u64::try_from(version).map_err(|_| fault("version"))?;
        Ok(Some(CurrentOrder { version, status: status.parse().map_err(|_| fault("status"))? }))
    })
}

/// The current order: one row for each line.
fn updated(rows: &[PgRow]) -> Result<Order, StoreError> {
    let row = OrderRow::from_row(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
    let line = |row: &PgRow| {
        let (quantity, unit_price): (i64, i32) = (row.try_get("quantity")?, row.try_get("unit_price")?);
        let unit_price = i64::from(unit_price);
        Ok(LineRow { sku: row.try_get("sku")?, quantity, unit_price, line_total: quantity * unit_price })
    };
    let lines: Result<Vec<LineRow>, sqlx::Error> = rows.iter().map(line).collect();
    row.into_order(lines?)
}

pub(super) async fn cancel(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    permit: &Permit<WithdrawOrder>,
    id: OrderId,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let (scope, actor) = (permit.scope(), permit.actor());
    loop {
        let row: Option<OrderWithLinesRow> = sqlx::query_as(sql::CANCEL.for_scope(scope))
            .bind(id.uuid())
            .bind(context.at.timestamp_micros())
            .bind(actor.kind.as_str())
            .bind(actor.object)
            .bind(context.invocation)
            .bind_scope(scope)
            .fetch_optional(executor)
            .await?;
        if let Some(row) = row {
            return Ok(Change::Done(Order::try_from(row)?));
        }
        let current = find(executor, scope, id).await?;
        match current {
            None => return Err(WriteError::NotFound),
            // Other calls changed the order each time, so each turn made progress.
            Some(order) if order.status == Status::Placed => {}
            Some(order) if order.status == Status::Cancelled && is_own_write(&order, context, attempt) => {
                return Ok(Change::Done(order));
            }
            Some(order) if order.status == Status::Cancelled => return Ok(Change::Unchanged(order)),
            Some(_) => return Err(WriteError::Conflict(Conflict::Cancel)),
        }
    }
}

/// Whether an attempt of this call, whose answer was lost, made the current version of the order. A change by another
/// call at the same microsecond counts as this one's own.
pub(super) fn is_own_write(order: &Order, context: WriteContext, attempt: Attempt) -> bool {
    attempt == Attempt::Retry && order.updated_at.timestamp_micros() == context.at.timestamp_micros()
}

pub(super) async fn history(
    executor: PoolExecutor<'_>,
    scope: AccessScope,
    id: OrderId,
    page: &PageRequest<u64>,
) -> Result<Option<Page<HistoryEntry>>, StoreError> {
    let before = page.after.map_or(i64::MAX, |version| i64::try_from(version).unwrap_or(i64::MAX));
    let found: Vec<HistoryRow> = sqlx::query_as(HISTORY.for_scope(scope))
        .bind(id.uuid())
        .bind(before)
        .bind(page.limit_with_next())
        .bind_scope(scope)
        .fetch_all(executor)
        .await?;
    if found.is_empty() && find(executor, scope, id).await?.is_none() {
        return Ok(None);
    }
    let Page { items, has_more } = page.to_page(found);
    let items = items.into_iter().map(HistoryEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Some(Page { items, has_more }))
}
