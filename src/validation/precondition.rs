//! `If-Match` and `If-None-Match`: `docs/reference/api.md#preconditions`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use azure_functions_handler::single_header;

use crate::{orders::Precondition, problem::Problem};

/// What the caller said about the version that is there; [`Said::demanded`] is asked after the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Said(Option<Precondition>);

impl Said {
    /// What the caller demands.
    ///
    /// # Errors
    /// `precondition-required` for `If-Match: *`, which names no version.
    pub fn demanded(self) -> Result<Precondition, Problem> {
        self.0.ok_or(Problem::PreconditionRequired)
    }
}

/// Reads what the caller says about the version that is there.
///
/// # Errors
/// `malformed` for a list, a weak or misspelt tag, or both headers at once.
pub fn precondition(headers: &HeaderMap) -> Result<Said, Problem> {
    match (only(headers, &header::IF_MATCH)?, only(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(Said(Some(Precondition::None))),
        (Some(_), Some(_)) => Err(Problem::Malformed("Send If-Match or If-None-Match, not both.")),
        (None, Some("*")) => Ok(Said(Some(Precondition::Absent))),
        (None, Some(_)) => Err(Problem::Malformed("If-None-Match must be `*`.")),
        (Some("*"), None) => Ok(Said(None)),
        (Some(tag), None) => strong(tag).map(|version| Said(Some(version))),
    }
}

/// Reads which version the caller means to replace: `If-Match` alone counts. None was named when it is missing or
/// `*`, which fits any.
///
/// # Errors
/// `malformed` for a list, or a weak or misspelt tag.
pub fn if_match(headers: &HeaderMap) -> Result<Precondition, Problem> {
    match only(headers, &header::IF_MATCH)? {
        None | Some("*") => Ok(Precondition::None),
        Some(tag) => strong(tag),
    }
}

/// The version that a strong tag names.
fn strong(tag: &str) -> Result<Precondition, Problem> {
    const ONE_TAG: Problem =
        Problem::Malformed("If-Match must be one strong ETag as you received it, such as `\"3\"`.");
    let opaque = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(ONE_TAG)?;
    if !opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err(ONE_TAG);
    }
    let version = opaque.parse().ok().filter(|version: &u64| version.to_string() == opaque);
    Ok(version.map_or(Precondition::UnknownVersion, Precondition::Version))
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Problem> {
    let fault =
        Problem::Malformed("If-Match and If-None-Match must be visible ASCII text, each sent at most once.");
    match single_header(headers, name).map(|value| value.map(HeaderValue::to_str)) {
        Ok(None) => Ok(None),
        Ok(Some(Ok(text))) => Ok(Some(text.trim())),
        _ => Err(fault),
    }
}
