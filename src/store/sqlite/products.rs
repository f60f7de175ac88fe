//! Listing and writing products.

use crate::{
    orders::{Page, PageRequest, Precondition, Product, ProductDraft, Sku},
    policy::{Permit, ReadProducts},
    store::{StoreError, WriteContext, WriteError, rows::ProductRow, sql},
};

use super::{Sqlite, orders::product};

pub(super) async fn list(
    store: &Sqlite,
    permit: &Permit<ReadProducts>,
    page: &PageRequest<Sku>,
) -> Result<Page<Product>, StoreError> {
    let after = page.after.as_ref().map_or(sql::BEFORE_FIRST, Sku::as_str);
    let statement = if permit.includes_inactive() { sql::ALL_PRODUCTS } else { sql::ACTIVE_PRODUCTS };
    let mut transaction = store.read().await?;
    let found: Vec<ProductRow> = sqlx::query_as(statement)
        .bind(after)
        .bind(page.limit_with_next())
        .fetch_all(&mut *transaction)
        .await?;
    transaction.rollback().await;
    let Page { items, has_more } = page.to_page(found);
    Ok(Page { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, has_more })
}

pub(super) async fn put(
    store: &Sqlite,
    draft: &ProductDraft,
    precondition: Precondition,
    context: WriteContext,
) -> Result<Product, WriteError> {
    let mut transaction = store.write().await?;
    let current = product(&mut transaction, &draft.sku).await?;
    if let Err(error) = precondition.check_product(current.as_ref()) {
        return transaction.rollback_with(error).await;
    }
    let statement = if current.is_some() { sql::REPLACE_PRODUCT } else { sql::INSERT_PRODUCT };
    let row: ProductRow = sqlx::query_as(statement)
        .bind(draft.sku.as_str())
        .bind(draft.name.as_str())
        .bind(draft.currency.as_str())
        .bind(draft.unit_price.get())
        .bind(draft.active)
        .bind(context.at.timestamp_micros())
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Product::try_from(row)?)
}
