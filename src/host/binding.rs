//! Values of bindings, in and out, byte-exact (protocol sheet §3.3 and §4.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, value::RawValue};

/// Why messages cannot be handed to the host as they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsendable {
    /// One of several messages is not text.
    #[error("one of several messages is not UTF-8: send it alone")]
    NotText,
    /// One of several messages is a bare date.
    #[error("one of several messages is a bare date, which the host rewrites: send it alone")]
    Rewritten,
}

/// The payload of a queue message, from the value of its trigger binding.
///
/// With `dataType` binary that is base64 of the payload; without, JSON text of the text. A string that is neither
/// is the text itself, and any other value its own JSON text.
#[must_use]
pub fn payload(value: &RawValue) -> Bytes {
    let Ok(text) = serde_json::from_str::<String>(value.get()) else {
        return Bytes::copy_from_slice(value.get().as_bytes());
    };
    if let Ok(bytes) = STANDARD.decode(&text) {
        return bytes.into();
    }
    serde_json::from_str::<String>(&text).unwrap_or(text).into()
}

/// The value of a queue output that puts exactly these messages into the queue; none leaves the binding out.
///
/// The host decodes a single string from base64, but takes the strings of an array as they are.
///
/// # Errors
/// When the host would change one of several messages on the way.
pub fn output(messages: &[Bytes]) -> Result<Option<Value>, Unsendable> {
    match messages {
        [] => Ok(None),
        [one] => Ok(Some(Value::String(STANDARD.encode(one)))),
        several => several.iter().map(element).collect::<Result<_, _>>().map(|all| Some(Value::Array(all))),
    }
}

fn element(message: &Bytes) -> Result<Value, Unsendable> {
    let text = std::str::from_utf8(message).map_err(|_| Unsendable::NotText)?;
    if is_rewritten(text) { Err(Unsendable::Rewritten) } else { Ok(text.into()) }
}

/// Whether the host may take this string for a date and write it anew (protocol sheet §4.1). Wider than the
/// host's own rule: nothing that we send on purpose looks like this.
#[must_use]
pub fn is_rewritten(text: &str) -> bool {
    let bytes = text.as_bytes();
    let iso = (19..=40).contains(&bytes.len()) && bytes[0].is_ascii_digit() && bytes[10] == b'T';
    iso || (text.starts_with("/Date(") && text.ends_with(")/"))
}
