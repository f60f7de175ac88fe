//! Changing orders that are still placed, and what happened to them.

use sqlx::{FromRow as _, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    orders::{Note, Order, OrderId, OrderRevision, Page, PageRequest, Precondition, Recorded, Status},
    policy::{AccessScope, ChangeOrder, Permit, WithdrawOrder},
    store::{
        Change, Conflict, Stamp, StoreError, WriteError,
        precondition::Existing,
        rows::{HistoryRow, LineRow, OrderRow},
        scope::BindScope as _,
        sql::HISTORY,
    },
};

use super::{
    orders::find,
    placing::{ListedPrice, price},
    pool::Access,
    retry::Attempt,
    rows::WholeRow,
    sql,
};

/// What one of its attempts may have changed before its answer was lost, the next takes for its own and no other's.
pub(super) async fn update(
    access: Access<'_>,
    attempt: Attempt,
    permit: &Permit<ChangeOrder>,
    id: OrderId,
    revision: &OrderRevision,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<Order, WriteError> {
    let (owner, actor) = (permit.caller(), permit.actor());
    let wanted = match precondition {
        Precondition::Version(version) => i64::try_from(version).ok(),
        Precondition::None | Precondition::Absent | Precondition::NoVersion => None,
    };
    let rows = sqlx::query(sql::UPDATE)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(revision.reference.as_str())
        .bind(wanted)
        .bind(revision.note.as_ref().map(Note::as_str))
        .bind(stamp.at.timestamp_micros())
        .bind(revision.lines.iter().map(|line| line.sku.as_str()).collect::<Vec<_>>())
        .bind(revision.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>())
        .bind(actor.kind.as_str())
        .bind(actor.object.as_ref().map(Uuid::to_string))
        .bind(stamp.invocation.to_string())
        .fetch_all(access)
        .await?;
    let mut prices = Vec::with_capacity(rows.len());
    for row in &rows {
        prices.push(ListedPrice { unit_price: row.try_get("unit_price")?, fits: row.try_get("fits")? });
    }
    let allowed = match price(prices)? {
        Ok(_) => precondition.hold_order(there(&rows)?).map(drop),
        Err(refused) => Err(WriteError::Lines(refused)),
    };
    match (allowed, attempt) {
        (Ok(()), _) => Ok(updated(&rows)?),
        (Err(error), Attempt::First) => Err(error),
        // The attempt whose answer was lost made its own version, and a product can have changed since.
        (Err(error), Attempt::Again) => own_update(access, id, stamp).await?.ok_or(error),
    }
}

/// The order as it is, if this invocation changed it.
async fn own_update(access: Access<'_>, id: OrderId, stamp: Stamp) -> Result<Option<Order>, StoreError> {
    let row: Option<WholeRow> = sqlx::query_as(sql::OWN_UPDATE)
        .bind(id.to_string())
        .bind(stamp.invocation.to_string())
        .bind(stamp.at.timestamp_micros())
        .fetch_optional(access)
        .await?;
    row.map(Order::try_from).transpose()
}

/// Version and status of the order that was there; the same in every row.
fn there(rows: &[PgRow]) -> Result<Option<Existing>, StoreError> {
    let Some(row) = rows.first() else { return Ok(None) };
    let (version, status): (Option<i64>, Option<String>) =
        (row.try_get("there_version")?, row.try_get("there_status")?);
    let fault = |column| StoreError::Inconsistent { table: "orders", column };
    version.zip(status).map_or(Ok(None), |(version, status)| {
        let version = u64::try_from(version).map_err(|_| fault("version"))?;
        Ok(Some(Existing { version, status: status.parse().map_err(|_| fault("status"))? }))
    })
}

/// The order as it is now: a row a line.
fn updated(rows: &[PgRow]) -> Result<Order, StoreError> {
    let row = OrderRow::from_row(rows.first().ok_or(sqlx::Error::RowNotFound)?)?;
    let line = |row: &PgRow| {
        let (quantity, unit_price): (i64, i64) = (row.try_get("quantity")?, row.try_get("unit_price")?);
        Ok(LineRow { sku: row.try_get("sku")?, quantity, unit_price, line_total: quantity * unit_price })
    };
    let lines: Result<Vec<LineRow>, sqlx::Error> = rows.iter().map(line).collect();
    row.with(lines?)
}

pub(super) async fn cancel(
    access: Access<'_>,
    attempt: Attempt,
    permit: &Permit<WithdrawOrder>,
    id: OrderId,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let (scope, actor) = (permit.scope(), permit.actor());
    loop {
        let row: Option<WholeRow> = sqlx::query_as(sql::CANCEL.of(scope))
            .bind(id.to_string())
            .bind(stamp.at.timestamp_micros())
            .bind(actor.kind.as_str())
            .bind(actor.object.as_ref().map(Uuid::to_string))
            .bind(stamp.invocation.to_string())
            .bind_scope(scope)
            .fetch_optional(access)
            .await?;
        if let Some(row) = row {
            return Ok(Change::Done(Order::try_from(row)?));
        }
        let there = find(access, scope, id).await?;
        match there {
            None => return Err(WriteError::NotFound),
            // It was changed meanwhile, and somebody got on with each turn.
            Some(order) if order.status == Status::Placed => {}
            Some(order) if order.status == Status::Cancelled && is_own(&order, stamp, attempt) => {
                return Ok(Change::Done(order));
            }
            Some(order) if order.status == Status::Cancelled => return Ok(Change::Unchanged(order)),
            Some(_) => return Err(WriteError::Conflict(Conflict::Cancel)),
        }
    }
}

/// Whether an attempt of this call, whose answer was lost, left the order as it is. Another call that changes it at the
/// same microsecond is not told from it.
pub(super) fn is_own(order: &Order, stamp: Stamp, attempt: Attempt) -> bool {
    attempt == Attempt::Again && order.updated_at.timestamp_micros() == stamp.at.timestamp_micros()
}

pub(super) async fn history(
    access: Access<'_>,
    scope: AccessScope,
    id: OrderId,
    page: &PageRequest<u64>,
) -> Result<Option<Page<Recorded>>, StoreError> {
    let before = page.after.map_or(i64::MAX, |version| i64::try_from(version).unwrap_or(i64::MAX));
    let found: Vec<HistoryRow> = sqlx::query_as(HISTORY.of(scope))
        .bind(id.to_string())
        .bind(before)
        .bind(page.with_next())
        .bind_scope(scope)
        .fetch_all(access)
        .await?;
    if found.is_empty() && find(access, scope, id).await?.is_none() {
        return Ok(None);
    }
    let Page { items, more } = page.truncate(found);
    let items = items.into_iter().map(Recorded::try_from).collect::<Result<_, _>>()?;
    Ok(Some(Page { items, more }))
}
