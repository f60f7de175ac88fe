//! Reading and listing orders, and what every change of one writes.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    orders::{HistoryItem, Order, OrderId, Page, PageRequest, Product, Sku, Status},
    policy::AccessScope,
    store::{
        StoreError,
        rows::{LineRow, OrderRow, ProductRow},
        scope::BindScope as _,
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

pub(super) async fn read(
    store: &Sqlite,
    scope: AccessScope,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let mut transaction = store.read().await?;
    let found = find(&mut transaction, scope, id).await?;
    transaction.rollback().await;
    Ok(found)
}

/// The order, if the scope reaches it; read inside the caller's transaction.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    scope: AccessScope,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(sql::ORDER.for_scope(scope))
        .bind(id.to_string())
        .bind_scope(scope)
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        Some(row) => with_lines(connection, row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn with_lines(
    connection: &mut SqliteConnection,
    row: OrderRow,
) -> Result<Order, StoreError> {
    let id = row.id.0.map(|id| id.to_string());
    let lines: Vec<LineRow> = sqlx::query_as(sql::LINES).bind(id).fetch_all(connection).await?;
    row.into_order(lines)
}

pub(super) async fn list(
    store: &Sqlite,
    scope: AccessScope,
    page: &PageRequest<OrderId>,
) -> Result<Page<Order>, StoreError> {
    let after = page.after.map_or_else(|| sql::BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let mut transaction = store.read().await?;
    let found: Vec<OrderRow> = sqlx::query_as(sql::ORDERS.for_scope(scope))
        .bind_scope(scope)
        .bind(after)
        .bind(page.limit_with_next())
        .fetch_all(&mut *transaction)
        .await?;
    let Page { items, has_more } = page.to_page(found);
    let mut orders = Vec::with_capacity(items.len());
    for row in items {
        orders.push(with_lines(&mut transaction, row).await?);
    }
    transaction.rollback().await;
    Ok(Page { items: orders, has_more })
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
