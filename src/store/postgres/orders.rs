//! Reading and listing orders.

use crate::{
    orders::{Order, OrderId},
    policy::AccessScope,
    store::{Listed, Slice, StoreError, scope::BindScope as _, sql::BEFORE_NEWEST},
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
    slice: &Slice<OrderId>,
) -> Result<Listed<Order>, StoreError> {
    let after = slice.after.map_or_else(|| BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found: Vec<WholeRow> = sqlx::query_as(sql::ORDERS.of(scope))
        .bind_scope(scope)
        .bind(after)
        .bind(slice.with_next())
        .fetch_all(access)
        .await?;
    let Listed { items, more } = slice.cut(found);
    Ok(Listed { items: items.into_iter().map(Order::try_from).collect::<Result<_, _>>()?, more })
}
