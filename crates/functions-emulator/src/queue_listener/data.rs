//! What a queue message looks like in an envelope.

// The host: docs/reference/host-protocol.md#queue-trigger.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    app::{DataType, Function, MessageEncoding},
    net_json::Json,
    queues::Message,
};

/// Why a message cannot be shown to the worker. Storage.Queues 5.3.10 moves it to the poison queue at first sight,
/// whatever `maxDequeueCount` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidMessage {
    /// Not Base64.
    #[error("the message's text is not Base64; encode it, or set messageEncoding to none in host.json")]
    Undecodable,
    /// Not UTF-8 with a binding that wants text.
    #[error("the message's bytes are not UTF-8; set \"dataType\": \"binary\" on the trigger")]
    NotText,
}

/// The two members of an envelope.
pub type DataAndMetadata = (Map<String, Value>, Map<String, Value>);

/// `Data` and `Metadata` of a queue message, but for `Metadata.sys`, which the invoker adds.
///
/// A binary trigger gets base64 of the exact bytes. Any other gets the text as a JSON string inside the string,
/// and `Metadata` also holds the payload's top-level properties, which replace the message's own; ISO dates
/// in them are kept as they are written, unlike on the platform.
///
/// # Errors
/// See [`InvalidMessage`].
pub fn queue_data(
    function: &Function,
    message: &Message,
    encoding: MessageEncoding,
) -> Result<DataAndMetadata, InvalidMessage> {
    let bytes = match encoding {
        MessageEncoding::Base64 => decoded(&message.text)?,
        MessageEncoding::None => message.text.clone().into_bytes(),
    };
    let mut metadata = own_metadata(message);
    let value = if function.trigger.data_type == DataType::Binary {
        STANDARD.encode(bytes)
    } else {
        let text = String::from_utf8(bytes).map_err(|_| InvalidMessage::NotText)?;
        add_payload(&mut metadata, &text);
        json_text(&text)
    };
    let data = Map::from_iter([(function.trigger.binding.clone(), Value::String(value))]);
    Ok((data, metadata))
}

/// As lenient as the host's decoder: blanks are skipped, spare bits at the end ignored.
fn decoded(text: &str) -> Result<Vec<u8>, InvalidMessage> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let dense: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    LENIENT.decode(dense).map_err(|_| InvalidMessage::Undecodable)
}

fn own_metadata(message: &Message) -> Map<String, Value> {
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let entries = [
        ("DequeueCount", message.dequeue_count.to_string()),
        ("ExpirationTime", time(message.expires_at)),
        ("Id", json_text(&message.id.to_string())),
        ("InsertionTime", time(message.inserted_at)),
        ("NextVisibleTime", time(message.next_visible_at)),
        ("PopReceipt", json_text(&message.pop_receipt)),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

fn add_payload(metadata: &mut Map<String, Value>, text: &str) {
    // Unlike the body of a call, a message with a UTF-8 signature is no JSON to the host (`qin-bom`).
    let payload = if text.starts_with('\u{feff}') { None } else { Json::parse(text).ok() };
    for (name, value) in payload.iter().flat_map(Json::members) {
        if name.to_ascii_lowercase().ends_with("trigger") {
            continue;
        }
        let value = match value {
            Json::Null | Json::List(_) => continue,
            Json::Object(_) => serde_json::from_str(&value.compact()).unwrap_or_default(),
            scalar => json_text(&scalar.shown()).into(),
        };
        let known = metadata.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        metadata.insert(known.unwrap_or_else(|| name.clone()), value);
    }
}

/// A JSON string literal as the host writes it: the three line separators that JSON allows bare are escaped.
fn json_text(text: &str) -> String {
    Value::from(text)
        .to_string()
        .replace('\u{85}', "\\u0085")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
