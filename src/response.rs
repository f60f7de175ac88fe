//! What every answer carries.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;

use crate::orders::{Order, Product};

/// Most bodies are shorter.
const TYPICAL_BODY_BYTES: usize = 1024;

/// A JSON answer that no cache may store, and whose type no browser may guess.
///
/// # Panics
/// When the body has keys that are no text; ours are structs.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut text = Vec::with_capacity(TYPICAL_BODY_BYTES);
    serde_json::to_writer(&mut text, body).expect("answers are structs of strings and numbers");
    json_bytes(status, text.into())
}

/// As [`json`], with a body that is JSON text already.
#[must_use]
pub fn json_bytes(status: StatusCode, body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body).into_response()
}

/// Sets a header and replaces an existing value.
///
/// # Panics
/// When the value is not ASCII; ours are digits, ids and fixed words.
pub fn set_header(answer: &mut Response, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("our own header values are ASCII");
    answer.headers_mut().insert(name, value);
}

/// A version, as clients name it in `If-Match`.
pub trait Versioned {
    /// Rises with every change.
    fn version(&self) -> u64;
}

impl Versioned for Order {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for Product {
    fn version(&self) -> u64 {
        self.version
    }
}

/// A JSON answer about one thing: its `ETag` is the quoted version.
#[must_use]
pub fn with_etag(status: StatusCode, of: &impl Versioned, view: &impl Serialize) -> Response {
    let mut answer = json(status, view);
    set_header(&mut answer, header::ETAG, &format!("\"{}\"", of.version()));
    answer
}
