//! Reading and listing orders, and what every change of one writes.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::{HistoryItem, Order, OrderId, Owner, Product, Sku, Status},
    policy::Sight,
    store::{
        Listed, Slice, StoreError,
        rows::{LineRow, OrderRow, ProductRow},
        sql,
    },
};

use super::Sqlite;

/// The product of that sku, active or not.
pub(super) async fn product(
    connection: &mut SqliteConnection,
    sku: &Sku,
) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> =
        sqlx::query_as(sql::PRODUCT).bind(sku.as_str()).fetch_optional(connection).await?;
    row.map(Product::try_from).transpose()
}

pub(super) async fn read(store: &Sqlite, sight: Sight, id: OrderId) -> Result<Option<Order>, StoreError> {
    let mut unit = store.read().await?;
    let found = find(&mut unit, sight.confined_to(), id).await?;
    unit.leave().await;
    Ok(found)
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
    unit.leave().await;
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
