//! Headers that a request has once or not at all.

use http::{HeaderMap, HeaderValue, header::AsHeaderName};

/// A request has the header more than once.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("send this header once")]
pub struct RepeatedHeader;

/// The value of a header that may be there once; none where it is not.
///
/// # Errors
/// When the request has it more than once: code that picks one of the values could be made to pick a forged one.
pub fn single_header(
    headers: &HeaderMap,
    name: impl AsHeaderName,
) -> Result<Option<&HeaderValue>, RepeatedHeader> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() { Err(RepeatedHeader) } else { Ok(value) }
}
