//! `Idempotency-Key`: `docs/reference/api.md#idempotency-key`.

use axum::http::HeaderMap;
use azure_functions_handler::single_header;

use crate::{orders::IdempotencyKey, problem::Problem};

/// Parses the header `Idempotency-Key`, if the request has one.
///
/// # Errors
/// `malformed`, when the header occurs twice or is not a valid key.
pub fn parse_idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    const ONE_KEY: Problem =
        Problem::Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.");
    let Some(value) = single_header(headers, "idempotency-key").map_err(|_| ONE_KEY)? else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(|text| text.parse().ok());
    key.map(Some).ok_or(ONE_KEY)
}
