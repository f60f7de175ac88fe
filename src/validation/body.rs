//! Reads a JSON body. Checks that its content type is JSON (415), that it is small enough (413), and that it is not
//! empty (400).

use axum::http::{HeaderMap, header};
use azure_functions_handler::single_header;
use azure_functions_handler::{Body, BodyError};
use bytes::Bytes;

use crate::{limits::LIMITS, problem::Problem};

/// Reads a body; its bytes are not looked at yet.
///
/// # Errors
/// `too-large`, `body-timeout` or `malformed`, then `body-missing`.
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    let body = body.read(LIMITS.json_body.max_bytes).await.map_err(|error| match error {
        BodyError::TooLarge => Problem::TooLarge,
        BodyError::Interrupted => {
            Problem::Malformed("The connection closed before the body was complete. Send the request again.")
        }
        BodyError::TooSlow => Problem::BodyTimeout,
    })?;
    if body.is_empty() { Err(Problem::BodyMissing) } else { Ok(body) }
}

/// Requires the content type JSON, in UTF-8.
///
/// # Errors
/// `media-type`.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Ok(Some(value)) = single_header(headers, header::CONTENT_TYPE) else {
        return Err(Problem::UnsupportedMediaType);
    };
    let text = value.to_str().map_err(|_| Problem::UnsupportedMediaType)?;
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if json && utf8 { Ok(()) } else { Err(Problem::UnsupportedMediaType) }
}
