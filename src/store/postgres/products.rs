//! Listing and writing products.

use crate::{
    orders::{Page, PageRequest, Precondition, Product, ProductDraft, Sku},
    policy::{Permit, ReadProducts},
    store::{
        StoreError, WriteContext, WriteError,
        rows::ProductRow,
        sql::{ACTIVE_PRODUCTS, ALL_PRODUCTS, BEFORE_FIRST, PRODUCT},
    },
};

use super::{pool::PoolExecutor, retry::Attempt, sql};

pub(super) async fn list(
    executor: PoolExecutor<'_>,
    permit: &Permit<ReadProducts>,
    page: &PageRequest<Sku>,
) -> Result<Page<Product>, StoreError> {
    let after = page.after.as_ref().map_or(BEFORE_FIRST, Sku::as_str);
    let statement = if permit.includes_inactive() { ALL_PRODUCTS } else { ACTIVE_PRODUCTS };
    let found: Vec<ProductRow> =
        sqlx::query_as(statement).bind(after).bind(page.limit_with_next()).fetch_all(executor).await?;
    let Page { items, has_more } = page.to_page(found);
    Ok(Page { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, has_more })
}

/// Reads, decides, and writes only if the row is unchanged; else reads again. An attempt whose answer was lost may
/// have committed; the next attempt recognizes its own product.
pub(super) async fn put(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    draft: &ProductDraft,
    precondition: Precondition,
    context: WriteContext,
) -> Result<Product, WriteError> {
    loop {
        let current = find(executor, &draft.sku).await?;
        if attempt == Attempt::Retry
            && let Some(own) = current.as_ref().filter(|current| is_own(current, draft, context))
        {
            return Ok(own.clone());
        }
        precondition.check_product(current.as_ref())?;
        if let Some(product) = write(executor, draft, current.as_ref(), context).await? {
            return Ok(product);
        }
    }
}

/// Whether the product equals what this call writes, with the same time. A write by another call at the same
/// microsecond counts as this one's own.
fn is_own(current: &Product, draft: &ProductDraft, context: WriteContext) -> bool {
    current.updated_at.timestamp_micros() == context.at.timestamp_micros()
        && (&current.name, &current.currency, current.unit_price, current.active)
            == (&draft.name, &draft.currency, draft.unit_price, draft.active)
}

/// The product of that sku, active or not.
async fn find(executor: PoolExecutor<'_>, sku: &Sku) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(PRODUCT).bind(sku.as_str()).fetch_optional(executor).await?;
    row.map(Product::try_from).transpose()
}

/// None when another call wrote first.
async fn write(
    executor: PoolExecutor<'_>,
    draft: &ProductDraft,
    current: Option<&Product>,
    context: WriteContext,
) -> Result<Option<Product>, StoreError> {
    let statement = if current.is_some() { sql::REPLACE_PRODUCT } else { sql::INSERT_PRODUCT };
    let bound = sqlx::query_as(statement)
        .bind(draft.sku.as_str())
        .bind(draft.name.as_str())
        .bind(draft.currency.as_str())
        .bind(draft.unit_price.get())
        .bind(draft.active)
        .bind(context.at.timestamp_micros());
    let bound = match current {
        Some(product) => bound.bind(i64::try_from(product.version).map_err(|_| VERSION)?),
        None => bound,
    };
    let row: Option<ProductRow> = bound.fetch_optional(executor).await?;
    row.map(Product::try_from).transpose()
}

const VERSION: StoreError = StoreError::Inconsistent { table: "products", column: "version" };
