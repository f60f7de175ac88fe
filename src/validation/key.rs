//! `Idempotency-Key`: `docs/reference/api.md#idempotency-key`.

use axum::http::HeaderMap;

use crate::{orders::RequestKey, problem::Problem};

/// Reads what the caller names this request by, if anything.
///
/// # Errors
/// `malformed`, when the header stands there twice or is no key.
pub fn request_key(headers: &HeaderMap) -> Result<Option<RequestKey>, Problem> {
    const ONE_KEY: Problem =
        Problem::Malformed("Send one Idempotency-Key of 1 to 255 visible ASCII characters.");
    let mut values = headers.get_all("idempotency-key").iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let key = value.to_str().ok().and_then(|text| text.parse().ok());
            key.map(Some).ok_or(ONE_KEY)
        }
        (Some(_), Some(_)) => Err(ONE_KEY),
    }
}
