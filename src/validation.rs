//! Is it well formed? Unparsed request in, typed values out, in the sequence of
//! `docs/reference/api.md#sequence-of-checks`: 415, 413, 400, 422.

mod body;
mod fields;
mod forms;
mod incoming;
mod key;
mod precondition;
mod query;
mod schemas;

#[cfg(test)]
mod tests;

pub use body::{read, says_json};
pub use forms::{ProductFields, order, product, revision};
pub use incoming::{Unusable, incoming};
pub use key::idempotency_key;
pub use precondition::{Said, if_match, precondition};
pub use query::{ChangeKey, Cursor, DEFAULT_LIMIT, LARGEST_LIMIT, List, Query, history_of};
pub use schemas::{changed_order, new_order, new_product};

use uuid::Uuid;

use crate::{
    orders::{OrderId, Sku, parse_uuid},
    problem::Problem,
    secret::SecretName,
};

/// The order that the path names.
///
/// # Errors
/// `not-found`, when it is no id.
pub fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}

/// The dead letter that the path names.
///
/// # Errors
/// `not-found`, when it is no id.
pub fn dead_letter_id(text: &str) -> Result<Uuid, Problem> {
    parse_uuid(text).ok_or(Problem::NotFound)
}

/// The secret that a caller names.
///
/// # Errors
/// `malformed`, when it is no name of a secret.
pub fn secret_name(text: &str) -> Result<SecretName, Problem> {
    let fault = Problem::Malformed("`secretName` must be 1 to 127 letters, digits and hyphens.");
    text.parse().map_err(|_| fault)
}

/// The product that the path names.
///
/// # Errors
/// `not-found`, when it is no sku.
pub fn sku(text: &str) -> Result<Sku, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}
