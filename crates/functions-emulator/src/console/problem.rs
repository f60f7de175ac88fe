//! Ways to say no.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::body::{Body, answer};

/// Why the interface refuses a request: a status, and one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Problem {
    status: StatusCode,
    what: String,
}

impl Problem {
    /// The request cannot be understood.
    pub(super) fn bad_request(what: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, what: what.into() }
    }

    /// What the request names does not exist.
    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, what: what.into() }
    }

    /// The current state does not allow it.
    pub(super) fn conflict(what: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, what: what.into() }
    }

    pub(super) fn answer(&self) -> Response<Body> {
        json_answer(self.status, &json!({"error": self.what}))
    }
}

/// The answer of the interface, or the problem.
pub(super) type ApiResult = Result<Value, Problem>;

/// The answer to a request without the page's token.
pub(super) fn refused() -> Response<Body> {
    let what = "this needs the token that the console's page has: reload the page";
    Problem { status: StatusCode::UNAUTHORIZED, what: what.to_owned() }.answer()
}

/// An answer with a JSON document.
pub(super) fn json_answer(status: StatusCode, document: &Value) -> Response<Body> {
    answer(status, "application/json", document.to_string())
}
