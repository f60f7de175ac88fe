//! Reading and listing orders.

use crate::{
    orders::{Order, OrderId, Page, PageRequest},
    policy::AccessScope,
    store::{StoreError, scope::BindScope as _, sql::BEFORE_NEWEST},
};

use super::{pool::Access, rows::WholeRow, sql};

/// The order, if the scope reaches it.
pub(super) async fn find(
    access: Access<'_>,
    scope: AccessScope,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let row: Option<WholeRow> = sqlx::query_as(sql::ORDER.of(scope))
        .bind(id.to_string())
        .bind_scope(scope)
        .fetch_optional(access)
        .await?;
    row.map(Order::try_from).transpose()
}

pub(super) async fn list(
    access: Access<'_>,
    scope: AccessScope,
    page: &PageRequest<OrderId>,
) -> Result<Page<Order>, StoreError> {
    let after = page.after.map_or_else(|| BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found: Vec<WholeRow> = sqlx::query_as(sql::ORDERS.of(scope))
        .bind_scope(scope)
        .bind(after)
        .bind(page.with_next())
        .fetch_all(access)
        .await?;
    let Page { items, more } = page.truncate(found);
    Ok(Page { items: items.into_iter().map(Order::try_from).collect::<Result<_, _>>()?, more })
}
