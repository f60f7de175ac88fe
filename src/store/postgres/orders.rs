//! Reading and listing orders.

use crate::{
    orders::{Order, OrderId, Owner},
    policy::Sight,
    store::{Listed, Slice, StoreError, sql::BEFORE_NEWEST},
};

use super::{pool::Pool, rows::WholeRow, sql};

pub(super) async fn read(pool: &Pool, sight: Sight, id: OrderId) -> Result<Option<Order>, StoreError> {
    find(pool, sight.confined_to(), id).await
}

/// The order, if it is that owner's or none is asked for.
pub(super) async fn find(
    pool: &Pool,
    owner: Option<Owner>,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let (tenant, object) = confines(owner);
    let row: Option<WholeRow> = sqlx::query_as(sql::ORDER)
        .bind(id.to_string())
        .bind(tenant)
        .bind(object)
        .fetch_optional(pool)
        .await?;
    row.map(Order::try_from).transpose()
}

/// The two values that confine a statement to an owner; null where it reaches everybody's.
pub(super) fn confines(owner: Option<Owner>) -> (Option<String>, Option<String>) {
    (owner.map(|owner| owner.tenant.to_string()), owner.map(|owner| owner.object.to_string()))
}

pub(super) async fn list(
    pool: &Pool,
    sight: Sight,
    slice: &Slice<OrderId>,
) -> Result<Listed<Order>, StoreError> {
    let after = slice.after.map_or_else(|| BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found = match sight.confined_to() {
        Some(owner) => sqlx::query_as(sql::OWN_ORDERS)
            .bind(owner.tenant.to_string())
            .bind(owner.object.to_string())
            .bind(after)
            .bind(slice.with_next()),
        None => sqlx::query_as(sql::ALL_ORDERS).bind(after).bind(slice.with_next()),
    };
    let Listed { items, more } = slice.cut::<WholeRow>(found.fetch_all(pool).await?);
    Ok(Listed { items: items.into_iter().map(Order::try_from).collect::<Result<_, _>>()?, more })
}
