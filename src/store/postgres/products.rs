//! Listing and writing products.

use sqlx::{PgConnection, PgPool};

use crate::{
    orders::{Product, ProductDraft, Sku},
    policy::Sight,
    store::{
        Listed, Precondition, ProductWritten, Slice, Stamp, StoreError,
        rows::ProductRow,
        sql::{ACTIVE_PRODUCTS, ALL_PRODUCTS, BEFORE_FIRST, PRODUCT},
    },
};

use super::sql;

pub(super) async fn list(
    pool: &PgPool,
    sight: Sight,
    slice: &Slice<Sku>,
) -> Result<Listed<Product>, StoreError> {
    let after = slice.after.as_ref().map_or(BEFORE_FIRST, Sku::as_str);
    let statement = if sight.confined_to().is_some() { ACTIVE_PRODUCTS } else { ALL_PRODUCTS };
    let found: Vec<ProductRow> =
        sqlx::query_as(statement).bind(after).bind(slice.with_next()).fetch_all(pool).await?;
    let Listed { items, more } = slice.cut(found);
    Ok(Listed { items: items.into_iter().map(Product::try_from).collect::<Result<_, _>>()?, more })
}

/// Looks, decides, and writes only if what was looked at is still there; else looks again.
pub(super) async fn put(
    connection: &mut PgConnection,
    draft: &ProductDraft,
    precondition: Precondition,
    stamp: Stamp,
) -> Result<ProductWritten, StoreError> {
    loop {
        let there = find(connection, &draft.sku).await?;
        if let Err(answer) = precondition.hold(there.as_ref()) {
            return Ok(answer);
        }
        if let Some(product) = write(connection, draft, there.as_ref(), stamp).await? {
            return Ok(match there {
                Some(_) => ProductWritten::Replaced(product),
                None => ProductWritten::Created(product),
            });
        }
    }
}

/// The product of that sku, active or not.
async fn find(connection: &mut PgConnection, sku: &Sku) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> =
        sqlx::query_as(PRODUCT).bind(sku.as_str()).fetch_optional(connection).await?;
    row.map(Product::try_from).transpose()
}

/// None when another came first.
async fn write(
    connection: &mut PgConnection,
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
    let row: Option<ProductRow> = bound.fetch_optional(connection).await?;
    row.map(Product::try_from).transpose()
}

const VERSION: StoreError = StoreError::Inconsistent { table: "products", column: "version" };
