//! Listing and writing products.

use crate::{
    orders::{Page, PageRequest, Precondition, Product, ProductDraft, Sku},
    policy::{Permit, ReadProducts},
    store::{Stamp, StoreError, WriteError, rows::ProductRow, sql},
};

use super::{Sqlite, orders::product};

pub(super) async fn list(
    store: &Sqlite,
    permit: &Permit<ReadProducts>,
    page: &PageRequest<Sku>,
) -> Result<Page<Product>, StoreError> {
    let after = page.after.as_ref().map_or(sql::BEFORE_FIRST, Sku::as_str);
    let statement = if permit.includes_inactive() { sql::ALL_PRODUCTS } else { sql::ACTIVE_PRODUCTS };
    let mut unit = store.read().await?;
    let found: Vec<ProductRow> =
        sqlx::query_as(statement).bind(after).bind(page.with_next()).fetch_all(&mut *unit).await?;
    unit.leave().await;
    let Page { items, more } = page.truncate(found);
    Ok(Page { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, more })
}

pub(super) async fn put(
    store: &Sqlite,
    draft: &ProductDraft,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<Product, WriteError> {
    let mut unit = store.write().await?;
    let there = product(&mut unit, &draft.sku).await?;
    if let Err(error) = precondition.hold(there.as_ref()) {
        return unit.fail(error).await;
    }
    let statement = if there.is_some() { sql::REPLACE_PRODUCT } else { sql::INSERT_PRODUCT };
    let row: ProductRow = sqlx::query_as(statement)
        .bind(draft.sku.as_str())
        .bind(draft.name.as_str())
        .bind(draft.currency.as_str())
        .bind(draft.unit_price.get())
        .bind(draft.active)
        .bind(stamp.at.timestamp_micros())
        .fetch_one(&mut *unit)
        .await?;
    unit.commit().await?;
    Ok(Product::try_from(row)?)
}
