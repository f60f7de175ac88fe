//! One request or answer as it is remembered.

use http::{HeaderMap, Method, StatusCode, Uri};
use serde::{Serialize, Serializer};

use super::Captured;

/// A start line, header lines and what is kept of the body.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    /// `POST /path` or `200 OK`.
    pub(crate) head: String,
    /// As they were sent; what opens doors is shown only in part.
    #[serde(serialize_with = "shown")]
    pub(crate) headers: Vec<(String, String)>,
    /// None until it has passed.
    pub(crate) body: Option<Captured>,
}

/// Headers of which the page shows the beginning alone.
const SECRET: [&str; 4] = ["authorization", "cookie", "x-functions-key", "set-cookie"];

/// Letters of a secret that tell tokens apart and open nothing.
const BEGINNING: usize = 14;

impl Message {
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

fn shown<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(headers.iter().map(|(name, value)| {
        let secret = SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        let short = || value.chars().take(BEGINNING).chain(['…']).collect();
        (name, if secret && value.chars().count() > BEGINNING { short() } else { value.clone() })
    }))
}
