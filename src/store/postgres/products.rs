//! Listing and writing products.

use crate::{
    orders::{Page, PageRequest, Precondition, Product, ProductDraft, Sku},
    policy::{Permit, ReadProducts},
    store::{
        Stamp, StoreError, WriteError,
        rows::ProductRow,
        sql::{ACTIVE_PRODUCTS, ALL_PRODUCTS, BEFORE_FIRST, PRODUCT},
    },
};

use super::{pool::Access, retry::Attempt, sql};

pub(super) async fn list(
    access: Access<'_>,
    permit: &Permit<ReadProducts>,
    page: &PageRequest<Sku>,
) -> Result<Page<Product>, StoreError> {
    let after = page.after.as_ref().map_or(BEFORE_FIRST, Sku::as_str);
    let statement = if permit.includes_inactive() { ALL_PRODUCTS } else { ACTIVE_PRODUCTS };
    let found: Vec<ProductRow> =
        sqlx::query_as(statement).bind(after).bind(page.with_next()).fetch_all(access).await?;
    let Page { items, more } = page.truncate(found);
    Ok(Page { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, more })
}

/// Looks, decides, and writes only if what was looked at is still there; else looks again. What one of its attempts may
/// have written before its answer was lost, the next takes for its own.
pub(super) async fn put(
    access: Access<'_>,
    attempt: Attempt,
    draft: &ProductDraft,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<Product, WriteError> {
    loop {
        let there = find(access, &draft.sku).await?;
        if attempt == Attempt::Again
            && let Some(own) = there.as_ref().filter(|there| is_own(there, draft, stamp))
        {
            return Ok(own.clone());
        }
        precondition.hold(there.as_ref())?;
        if let Some(product) = write(access, draft, there.as_ref(), stamp).await? {
            return Ok(product);
        }
    }
}

/// Whether this is what this call writes, at the instant at which it does. Another call that writes the same at the same
/// microsecond is not told from it.
fn is_own(there: &Product, draft: &ProductDraft, stamp: Stamp) -> bool {
    there.updated_at.timestamp_micros() == stamp.at.timestamp_micros()
        && (&there.name, &there.currency, there.unit_price, there.active)
            == (&draft.name, &draft.currency, draft.unit_price, draft.active)
}

/// The product of that sku, active or not.
async fn find(access: Access<'_>, sku: &Sku) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(PRODUCT).bind(sku.as_str()).fetch_optional(access).await?;
    row.map(Product::try_from).transpose()
}

/// None when another came first.
async fn write(
    access: Access<'_>,
    draft: &ProductDraft,
    there: Option<&Product>,
    stamp: Stamp,
) -> Result<Option<Product>, StoreError> {
    let statement = if there.is_some() { sql::REPLACE_PRODUCT } else { sql::INSERT_PRODUCT };
    let bound = sqlx::query_as(statement)
        .bind(draft.sku.as_str())
        .bind(draft.name.as_str())
        .bind(draft.currency.as_str())
        .bind(draft.unit_price.get())
        .bind(draft.active)
        .bind(stamp.at.timestamp_micros());
    let bound = match there {
        Some(product) => bound.bind(i64::try_from(product.version).map_err(|_| VERSION)?),
        None => bound,
    };
    let row: Option<ProductRow> = bound.fetch_optional(access).await?;
    row.map(Product::try_from).transpose()
}

const VERSION: StoreError = StoreError::Inconsistent { table: "products", column: "version" };
