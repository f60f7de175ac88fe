//! The bodies of products.

use orders_worker::{
    orders::{ProductDraft, Sku},
    validation,
};
use serde_json::{Value, json};

use super::{path, problem};

pub(super) const WORDS: &[&str] = &[
    "name",
    "currency",
    "unitPrice",
    "active",
    "sku",
    "version",
    "EUR",
    "JPY",
    "XXX",
    "true",
    "1000000000",
    "-1",
];

/// A body that parses must print, and parse again to an equal one; any other is refused as
/// `docs/reference/api.md#field-errors` says.
pub(super) fn run(input: &[u8]) -> u64 {
    match read(input) {
        Ok(draft) => {
            assert_eq!(read(printed(&draft).to_string().as_bytes()).as_ref(), Ok(&draft));
            path(("product", draft.active))
        }
        Err(problem) => problem::check(&problem, input),
    }
}

fn read(body: &[u8]) -> Result<ProductDraft, orders_worker::problem::Problem> {
    let sku: Sku = "BEANS".parse().expect("a sku");
    validation::parse_product(body).map(|fields| fields.with_sku(sku))
}

fn printed(draft: &ProductDraft) -> Value {
    let ProductDraft { sku: _, name, currency, unit_price, active } = draft;
    json!({"name": name, "currency": currency, "unitPrice": unit_price, "active": active})
}
