//! A recorded request or answer.

use http::{HeaderMap, Method, StatusCode, Uri};
use serde::Serialize;

use super::CapturedBody;

/// A start line, header lines and the kept part of the body.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RecordedMessage {
    /// `POST /path` or `200 OK`.
    pub(crate) head: String,
    /// As they were sent.
    pub(crate) headers: Vec<(String, String)>,
    /// None until it has passed.
    pub(crate) body: Option<CapturedBody>,
}

impl RecordedMessage {
    /// A request whose body is still to pass.
    pub(crate) fn request(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let path = uri.path_and_query().map_or_else(|| uri.path(), http::uri::PathAndQuery::as_str);
        Self { head: format!("{method} {path}"), headers: lines(headers), body: None }
    }

    /// An answer whose body is still to pass.
    pub(crate) fn answer(status: StatusCode, headers: &HeaderMap) -> Self {
        Self { head: status.to_string(), headers: lines(headers), body: None }
    }
}

fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    headers.iter().map(line).collect()
}
