//! Is it well formed? Unparsed request in, typed values out, in the sequence of
//! `docs/reference/api.md#sequence-of-checks`: 415, 413, 400, 422.

mod body;
mod fields;
mod forms;
mod idempotency_key;
mod incoming;
mod precondition;
mod query;
mod schemas;

#[cfg(test)]
mod tests;

pub use body::{read_body, require_json};
pub use forms::{ProductFields, parse_order, parse_product, parse_revision};
pub use idempotency_key::parse_idempotency_key;
pub use incoming::{InvalidMessage, parse_incoming_order};
pub use precondition::{RequestedPrecondition, parse_if_match, parse_precondition};
pub use query::{CursorKey, DEFAULT_PAGE_LIMIT, HistoryKey, MAX_PAGE_LIMIT, PagedList, Query, history_page};
pub use schemas::{changed_order_schema, new_order_schema, new_product_schema};

use uuid::Uuid;

use crate::{
    orders::{OrderId, Sku, parse_uuid},
    problem::Problem,
    secret::SecretName,
};

/// Parses the order id in a path.
///
/// # Errors
/// `not-found`, when the text is not an id.
pub fn parse_order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}

/// Parses the dead letter's id in a path.
///
/// # Errors
/// `not-found`, when the text is not an id.
pub fn parse_dead_letter_id(text: &str) -> Result<Uuid, Problem> {
    parse_uuid(text).ok_or(Problem::NotFound)
}

/// Parses the secret's name in a query.
///
/// # Errors
/// `malformed`, when the text is not a secret's name.
pub fn parse_secret_name(text: &str) -> Result<SecretName, Problem> {
    let fault = Problem::Malformed("`secretName` must be 1 to 127 letters, digits and hyphens.");
    text.parse().map_err(|_| fault)
}

/// Parses the sku in a path.
///
/// # Errors
/// `not-found`, when the text is not a sku.
pub fn parse_sku(text: &str) -> Result<Sku, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}
