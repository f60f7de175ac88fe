//! Reading and listing orders.

use crate::{
    orders::{Order, OrderId, Page, PageRequest},
    policy::AccessScope,
    store::{StoreError, scope::BindScope as _},
};

use super::{
    pool::PoolExecutor,
    rows::OrderWithLinesRow,
    sql::{self, BEFORE_NEWEST},
};

/// The order, if the scope reaches it.
pub(super) async fn find(
    executor: PoolExecutor<'_>,
    scope: AccessScope,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderWithLinesRow> = sqlx::query_as(sql::ORDER.for_scope(scope))
        .bind(id.uuid())
        .bind_scope(scope)
        .fetch_optional(executor)
        .await?;
    row.map(Order::try_from).transpose()
}

pub(super) async fn list(
    executor: PoolExecutor<'_>,
    scope: AccessScope,
    page: &PageRequest<OrderId>,
) -> Result<Page<Order>, StoreError> {
    let after = page.after.map_or(BEFORE_NEWEST, OrderId::uuid);
    let found: Vec<OrderWithLinesRow> = sqlx::query_as(sql::ORDERS.for_scope(scope))
        .bind_scope(scope)
        .bind(after)
        .bind(page.limit_with_next())
        .fetch_all(executor)
        .await?;
    let Page { items, has_more } = page.to_page(found);
    Ok(Page { items: items.into_iter().map(Order::try_from).collect::<Result<_, _>>()?, has_more })
}
