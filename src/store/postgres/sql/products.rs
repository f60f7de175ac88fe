//! What changes products.

use crate::store::sql::product_columns;

pub(in crate::store::postgres) const INSERT_PRODUCT: &str = concat!(
    "INSERT INTO products (",
    product_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING RETURNING ",
    product_columns!(),
);

/// Replaces the product only if its version is still the one that was read before.
pub(in crate::store::postgres) const REPLACE_PRODUCT: &str = concat!(
    "UPDATE products SET name = $2, currency = $3, unit_price = $4, active = $5, version = version + 1,
         updated_at = $6
     WHERE sku = $1 AND version = $7 RETURNING ",
    product_columns!(),
);
