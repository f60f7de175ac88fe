//! The one `Authorization: Bearer` header that every mode demands:
//! `docs/reference/identity.md#bearer-header`.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use azure_functions_handler::single_header;

use super::authentication_error::Reason;
use crate::limits::LIMITS;

/// Longest token, in bytes: `docs/reference/identity.md#evidence-limits`.
const MAX_TOKEN_BYTES: usize = LIMITS.credentials.max_header_bytes;

/// The token of the one `Authorization` header; its content is not looked at.
///
/// # Errors
/// When there is no such header, more than one, another scheme, or no `b64token` of RFC 6750 in it.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Reason> {
    let value = single_header(headers, AUTHORIZATION).map_err(|_| Reason::BearerRepeated)?;
    let value = value.ok_or(Reason::BearerMissing)?;
    let (scheme, rest) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Reason::BearerMalformed)?;
    let token = rest.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("Bearer") && token.len() <= MAX_TOKEN_BYTES && is_b64token(token) {
        Ok(token)
    } else {
        Err(Reason::BearerMalformed)
    }
}

fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    // Without a way out in the middle, the compiler looks at many bytes at once.
    !body.is_empty() && body.bytes().fold(true, |all, byte| all & allowed(byte))
}
