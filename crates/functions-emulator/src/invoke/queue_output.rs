//! From the value of a queue output to the bytes of its messages.

// The host: docs/reference/host-protocol.md#queue-output.

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

use crate::{app::DataType, net_json::Json};

/// `Convert.FromBase64String` takes padded base64 and does not look at the bits behind the last byte.
const DOTNET: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes that .NET takes a text for; blanks in it do not count.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|char| !matches!(char, ' ' | '\t' | '\r' | '\n')).collect();
    DOTNET.decode(compact).ok()
}

/// The messages that a value becomes, null excepted, which the caller skips.
pub(super) fn messages(value: &Json, data_type: DataType) -> Result<Vec<Vec<u8>>, String> {
    let text = match value {
        Json::List(items) => return Ok(items.iter().map(item).collect()),
        Json::Text(text) => text,
        other => return Ok(vec![item(other)]),
    };
    if data_type != DataType::Binary
        && let Some(bytes) = decode_base64(text)
    {
        return Ok(vec![bytes]);
    }
    let trimmed = text.trim();
    let fault = |error| {
        format!(
            "a queue output that begins and ends like JSON is none ({error}); \
             send the message as base64, or several in an array"
        )
    };
    if trimmed.starts_with('{') && trimmed.ends_with('}') {
        return Ok(vec![item(&Json::parse(trimmed).map_err(fault)?)]);
    }
    if trimmed.starts_with('[') && trimmed.ends_with(']') {
        return messages(&Json::parse(trimmed).map_err(fault)?, data_type);
    }
    Ok(vec![text.clone().into_bytes()])
}

fn item(value: &Json) -> Vec<u8> {
    value.shown().into_bytes()
}
