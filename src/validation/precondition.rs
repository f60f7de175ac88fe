//! `If-Match` and `If-None-Match`: `docs/reference/api.md#preconditions`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use azure_functions_handler::single_header;

use crate::{orders::Precondition, problem::Problem};

/// The precondition of a request, parsed. [`RequestedPrecondition::require`] is called after the body is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestedPrecondition(Option<Precondition>);

impl RequestedPrecondition {
    /// The precondition of the write.
    ///
    /// # Errors
    /// `precondition-required` for `If-Match: *`, which names no version.
    pub fn require(self) -> Result<Precondition, Problem> {
        self.0.ok_or(Problem::PreconditionRequired)
    }
}

/// Parses `If-Match` and `If-None-Match`.
///
/// # Errors
/// `malformed` for a list, a weak or misspelt tag, or both headers at once.
pub fn parse_precondition(headers: &HeaderMap) -> Result<RequestedPrecondition, Problem> {
    match (single_value(headers, &header::IF_MATCH)?, single_value(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(RequestedPrecondition(Some(Precondition::None))),
        (Some(_), Some(_)) => Err(Problem::Malformed("Send If-Match or If-None-Match, not both.")),
        (None, Some("*")) => Ok(RequestedPrecondition(Some(Precondition::Absent))),
        (None, Some(_)) => Err(Problem::Malformed("If-None-Match must be `*`.")),
        (Some("*"), None) => Ok(RequestedPrecondition(None)),
        (Some(tag), None) => parse_etag(tag).map(|version| RequestedPrecondition(Some(version))),
    }
}

/// Reads which version the caller means to replace: `If-Match` alone counts. None if the header is missing or is `*`,
/// which matches any version.
///
/// # Errors
/// `malformed` for a list, or a weak or misspelt tag.
pub fn parse_if_match(headers: &HeaderMap) -> Result<Precondition, Problem> {
    match single_value(headers, &header::IF_MATCH)? {
        None | Some("*") => Ok(Precondition::None),
        Some(tag) => parse_etag(tag),
    }
}

/// The version that a strong tag names.
fn parse_etag(tag: &str) -> Result<Precondition, Problem> {
    const ONE_TAG: Problem =
        Problem::Malformed("If-Match must be one strong ETag as you received it, such as `\"3\"`.");
    let opaque = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(ONE_TAG)?;
    if !opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err(ONE_TAG);
    }
    let version = opaque.parse().ok().filter(|version: &u64| version.to_string() == opaque);
    Ok(version.map_or(Precondition::UnknownVersion, Precondition::Version))
}

fn single_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let fault =
        Problem::Malformed("If-Match and If-None-Match must be visible ASCII text, each sent at most once.");
    match single_header(headers, name).map(|value| value.map(HeaderValue::to_str)) {
        Ok(None) => Ok(None),
        Ok(Some(Ok(text))) => Ok(Some(text.trim())),
        _ => Err(fault),
    }
}
