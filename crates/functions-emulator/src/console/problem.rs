//! Ways to say no.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::body::{self, Body};

/// Why the interface does not do something: a status, and one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Problem {
    status: StatusCode,
    what: String,
}

impl Problem {
    /// What was asked cannot be understood.
    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, what: what.into() }
    }

    /// There is no such thing.
    pub(super) fn missing(what: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, what: what.into() }
    }

    /// It cannot be done as things stand.
    pub(super) fn impossible(what: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, what: what.into() }
    }

    pub(super) fn answer(&self) -> Response<Body> {
        json_answer(self.status, &json!({"error": self.what}))
    }
}

/// The answer to a request without the page's token.
pub(super) fn refused() -> Response<Body> {
    let what = "this needs the token that the console's page has: reload the page";
    Problem { status: StatusCode::UNAUTHORIZED, what: what.to_owned() }.answer()
}

/// An answer that a browser shows as it is.
pub(super) fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    answer(status, "text/plain; charset=utf-8", text)
}

/// An answer with a JSON document.
pub(super) fn json_answer(status: StatusCode, document: &serde_json::Value) -> Response<Body> {
    answer(status, "application/json", document.to_string())
}

/// An answer that is never kept, and that no other site can embed.
pub(super) fn answer(
    status: StatusCode,
    kind: &'static str,
    content: impl Into<bytes::Bytes>,
) -> Response<Body> {
    let mut answer = Response::new(body::sized(content));
    *answer.status_mut() = status;
    protect(&mut answer, kind);
    answer
}

/// The headers of everything that the console says.
pub(super) fn protect(answer: &mut Response<Body>, kind: &'static str) {
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
}
