//! Listing and writing products.

use crate::{
    orders::{Product, ProductDraft, Sku},
    policy::{ListProducts, Permit},
    store::{Listed, Precondition, ProductWritten, Slice, Stamp, StoreError, rows::ProductRow, sql},
};

use super::{Sqlite, orders::product};

pub(super) async fn list(
    store: &Sqlite,
    permit: &Permit<ListProducts>,
    slice: &Slice<Sku>,
) -> Result<Listed<Product>, StoreError> {
    let after = slice.after.as_ref().map_or(sql::BEFORE_FIRST, Sku::as_str);
    let statement = if permit.reaches_inactive() { sql::ALL_PRODUCTS } else { sql::ACTIVE_PRODUCTS };
    let mut unit = store.read().await?;
    let found: Vec<ProductRow> =
        sqlx::query_as(statement).bind(after).bind(slice.with_next()).fetch_all(&mut *unit).await?;
    unit.leave().await;
    let Listed { items, more } = slice.cut(found);
    Ok(Listed { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, more })
}

pub(super) async fn put(
    store: &Sqlite,
    draft: &ProductDraft,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<ProductWritten, StoreError> {
    let mut unit = store.write().await?;
    let there = product(&mut unit, &draft.sku).await?;
    if let Err(answer) = precondition.hold(there.as_ref()) {
        unit.leave().await;
        return Ok(answer);
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
    let product = Product::try_from(row)?;
    Ok(if there.is_some() { ProductWritten::Replaced(product) } else { ProductWritten::Created(product) })
}
