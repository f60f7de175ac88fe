//! Values of bindings, in and out, byte-exact, and what lies in a queue for a message.

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use bytes::Bytes;
use serde_json::{Value, value::RawValue};

/// As lenient as the decoder of storage clients: the bits behind the last byte do not count.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Why messages cannot be sent to the host unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnsupportedMessage {
    /// One of several messages is a bare date, which the host would rewrite.
    #[error("one of several messages is a bare date, which the host rewrites: send it alone")]
    Rewritten,
}

/// The bytes in the value of a trigger binding.
///
/// With `dataType` binary that is base64 of the bytes; without, JSON text of the text. A string that is neither
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

/// The message that a sender put into a queue: a JSON object unchanged, or the decoded Base64 text if that begins like
/// a JSON object. Senders whose storage client encodes messages by default write Base64 text. Everything else stays
/// unchanged.
#[must_use]
pub fn message(text: Bytes) -> Bytes {
    if looks_like_object(&text) {
        return text;
    }
    let dense: Vec<u8> = text.iter().copied().filter(|byte| !is_blank(*byte)).collect();
    match LENIENT.decode(dense) {
        Ok(decoded) if looks_like_object(&decoded) => decoded.into(),
        _ => text,
    }
}

fn looks_like_object(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !is_blank(**byte)) == Some(&b'{')
}

/// The white space of JSON.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The value of a queue output that puts these messages into the queue; none leaves the binding out.
///
/// host.json sets no encoding, so a queue holds a message as text, and bytes that a queue cannot hold as Base64 text, which
/// [`message`] decodes. The host decodes a single string from base64, but takes the strings of an array as they are.
///
/// # Errors
/// When the host would change one of several messages on the way.
pub fn output(mut messages: Vec<Bytes>) -> Result<Option<Value>, UnsupportedMessage> {
    if messages.len() > 1 {
        let elements = messages.into_iter().map(element).collect::<Result<_, _>>();
        return elements.map(|elements| Some(Value::Array(elements)));
    }
    Ok(messages.pop().map(|message| Value::String(STANDARD.encode(text(message)))))
}

fn element(message: Bytes) -> Result<Value, UnsupportedMessage> {
    let text = text(message);
    if is_rewritten(&text) { Err(UnsupportedMessage::Rewritten) } else { Ok(text.into()) }
}

/// The text that lies in the queue for a message. Messages travel as XML, which carries neither bytes that are no UTF-8
/// nor these characters. A message that is held once becomes its text without a copy: an output may hold megabytes.
fn text(message: Bytes) -> String {
    let is_carried = |char: char| match char {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        char => char >= ' ',
    };
    match String::from_utf8(message.into()) {
        Ok(text) if text.chars().all(is_carried) => text,
        Ok(text) => STANDARD.encode(text),
        Err(error) => STANDARD.encode(error.as_bytes()),
    }
}

/// Whether the host may take this string for a date and write it anew. The check is wider than the host's own rule:
/// nothing that is sent on purpose looks like such a string.
#[must_use]
pub fn is_rewritten(text: &str) -> bool {
    let bytes = text.as_bytes();
    let iso = (19..=40).contains(&bytes.len()) && bytes[0].is_ascii_digit() && bytes[10] == b'T';
    iso || (text.starts_with("/Date(") && text.ends_with(")/"))
}
