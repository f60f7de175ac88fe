//! An order with its lines, in one row.

use sqlx::FromRow;

use crate::{
    orders::Order,
    store::{
        StoreError,
        rows::{LineRow, OrderRow},
    },
};

/// An order; of each column of its lines an array, in the lines' sequence.
#[derive(FromRow)]
pub(super) struct OrderWithLinesRow {
    #[sqlx(flatten)]
    order: OrderRow,
    skus: Vec<String>,
    quantities: Vec<i16>,
    unit_prices: Vec<i32>,
    line_totals: Vec<i64>,
}

impl TryFrom<OrderWithLinesRow> for Order {
    type Error = StoreError;

    fn try_from(row: OrderWithLinesRow) -> Result<Self, StoreError> {
        let numbers = row.quantities.into_iter().zip(row.unit_prices).zip(row.line_totals);
        let lines = row.skus.into_iter().zip(numbers).map(|(sku, ((quantity, unit_price), line_total))| {
            LineRow { sku, quantity: quantity.into(), unit_price: unit_price.into(), line_total }
        });
        row.order.into_order(lines.collect())
    }
}
