//! Placing, reading and listing orders.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::{Action, HistoryItem, Line, Money, Order, OrderDraft, OrderId, Owner, Product, Sku, Status},
    policy::{Permit, PlaceOrder, Sight},
    store::{
        LineFault, Listed, Placed, Slice, Stamp, StoreError,
        rows::{LineRow, OrderRow, ProductRow},
        sql,
    },
};

#[cfg(feature = "sabotage")]
use crate::store::sabotage;

use super::Sqlite;

pub(super) async fn place(
    store: &Sqlite,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    stamp: Stamp,
) -> Result<Placed, StoreError> {
    let mut unit = store.write().await?;
    let lines = match price(&mut unit, draft).await? {
        Ok(lines) => lines,
        Err(faults) => return Ok(Placed::Refused(faults)),
    };
    let total = Money::sum(lines.iter().map(|line| line.line_total))
        .ok_or(StoreError::Inconsistent { table: "order_lines", column: "line_total" })?;
    let owner = permit.caller();
    let row: OrderRow = sqlx::query_as(sql::INSERT_ORDER)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(draft.reference.as_str())
        .bind(draft.currency.as_str())
        .bind(total.get())
        .bind(draft.note.as_ref().map(crate::orders::text::Note::as_str))
        .bind(stamp.at.timestamp_micros())
        .fetch_one(&mut *unit)
        .await?;
    for (position, line) in (0_i64..).zip(&lines) {
        insert_line(&mut unit, id, position, line).await?;
    }
    record(&mut unit, id, 1, stamp.item(Action::Place, None, Status::Placed, permit.actor())).await?;
    let order = with_lines(&mut unit, row).await?;
    #[cfg(feature = "sabotage")]
    if sabotage::Sabotage::CommitLate.is_on() {
        sabotage::commit_later(unit);
        return Ok(Placed::Placed(order));
    }
    unit.commit().await?;
    Ok(Placed::Placed(order))
}

/// Every line at today's price, or every line that has none.
async fn price(
    connection: &mut SqliteConnection,
    draft: &OrderDraft,
) -> Result<Result<Vec<Line>, Vec<(usize, LineFault)>>, StoreError> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (index, (sku, quantity)) in draft.lines.iter().enumerate() {
        match product(connection, sku).await?.filter(|product| product.active) {
            None => faults.push((index, LineFault::Unknown)),
            Some(product) if product.currency != draft.currency => faults.push((index, LineFault::Currency)),
            Some(product) => lines.push(Line::priced(sku.clone(), *quantity, product.unit_price)),
        }
    }
    Ok(if faults.is_empty() { Ok(lines) } else { Err(faults) })
}

/// The product of that sku, active or not.
pub(super) async fn product(
    connection: &mut SqliteConnection,
    sku: &Sku,
) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> =
        sqlx::query_as(sql::PRODUCT).bind(sku.as_str()).fetch_optional(connection).await?;
    row.map(Product::try_from).transpose()
}

async fn insert_line(
    connection: &mut SqliteConnection,
    id: OrderId,
    position: i64,
    line: &Line,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::INSERT_LINE)
        .bind(id.to_string())
        .bind(position)
        .bind(line.sku.as_str())
        .bind(line.quantity.get())
        .bind(line.unit_price.get())
        .bind(line.line_total.get())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn read(store: &Sqlite, sight: Sight, id: OrderId) -> Result<Option<Order>, StoreError> {
    find(&mut *store.read().await?, sight.confined_to(), id).await
}

/// The order, if it is that owner's or none is asked for; read inside the caller's transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    owner: Option<Owner>,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let (tenant, object) = confines(owner);
    let row: Option<OrderRow> = sqlx::query_as(sql::ORDER)
        .bind(id.to_string())
        .bind(tenant)
        .bind(object)
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => with_lines(connection, row).await.map(Some),
        None => Ok(None),
    }
}

/// The two values that confine a statement to an owner; null where it reaches everybody's.
pub(super) fn confines(owner: Option<Owner>) -> (Option<String>, Option<String>) {
    (owner.map(|owner| owner.tenant.to_string()), owner.map(|owner| owner.object.to_string()))
}

pub(super) async fn with_lines(
    connection: &mut SqliteConnection,
    row: OrderRow,
) -> Result<Order, StoreError> {
    let lines: Vec<LineRow> = sqlx::query_as(sql::LINES).bind(&row.id).fetch_all(connection).await?;
    row.with(lines)
}

pub(super) async fn list(
    store: &Sqlite,
    sight: Sight,
    slice: &Slice<OrderId>,
) -> Result<Listed<Order>, StoreError> {
    let after = slice.after.map_or_else(|| sql::BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let mut unit = store.read().await?;
    let found = match sight.confined_to() {
        Some(owner) => sqlx::query_as(sql::OWN_ORDERS)
            .bind(owner.tenant.to_string())
            .bind(owner.object.to_string())
            .bind(after)
            .bind(slice.with_next()),
        None => sqlx::query_as(sql::ALL_ORDERS).bind(after).bind(slice.with_next()),
    };
    let Listed { items, more } = slice.cut::<OrderRow>(found.fetch_all(&mut *unit).await?);
    let mut orders = Vec::with_capacity(items.len());
    for row in items {
        orders.push(with_lines(&mut unit, row).await?);
    }
    Ok(Listed { items: orders, more })
}

/// Writes the history row of the change that made `version`.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    id: OrderId,
    version: i64,
    item: HistoryItem,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::INSERT_HISTORY)
        .bind(id.to_string())
        .bind(version)
        .bind(item.at.timestamp_micros())
        .bind(item.action.as_str())
        .bind(item.from.map(Status::as_str))
        .bind(item.to.as_str())
        .bind(item.actor.kind.as_str())
        .bind(item.actor.object.as_ref().map(Uuid::to_string))
        .bind(item.invocation.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
