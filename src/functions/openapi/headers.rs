//! Headers of answers.

use serde_json::{Map, Value, json};

/// A header of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    name: &'static str,
    about: &'static str,
    schema: Value,
    required: bool,
}

impl Header {
    /// This header as an optional one: only some of the answers have it.
    pub(super) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// Whether it is the header of this name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

const fn header(name: &'static str, about: &'static str, schema: Value) -> Header {
    Header { name, about, schema, required: true }
}

pub(crate) fn etag() -> Header {
    header("ETag", "The version, quoted.", json!({"type": "string", "pattern": "^\"[0-9]+\"$"}))
}

pub(crate) fn location() -> Header {
    let schema = json!({"type": "string", "pattern": "^/api/orders/[0-9a-f-]{36}$"});
    header("Location", "Where the order is, relative to this host.", schema)
}

pub(crate) fn replayed() -> Header {
    let schema = json!({"type": "string", "enum": ["true"]});
    header("Idempotency-Replayed", "The answer was given before.", schema).optional()
}

pub(super) fn retry_after() -> Header {
    header("Retry-After", "Seconds to wait.", json!({"type": "integer", "minimum": 1}))
}

pub(super) fn www_authenticate() -> Header {
    header("WWW-Authenticate", "What is lacking.", json!({"type": "string", "pattern": "^Bearer"}))
}

/// The `Cache-Control` header of the answer; every answer has one.
pub(super) fn cache_control(value: &'static str) -> Header {
    header("Cache-Control", "Who may keep it.", json!({"type": "string", "enum": [value]}))
}

/// Headers by name, as the document has them.
pub(super) fn to_openapi(headers: impl IntoIterator<Item = Header>) -> Map<String, Value> {
    let one = |Header { name, about, schema, required }| {
        (String::from(name), json!({"description": about, "required": required, "schema": schema}))
    };
    headers.into_iter().map(one).collect()
}
