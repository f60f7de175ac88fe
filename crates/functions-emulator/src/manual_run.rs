//! What the worker gets of a function that is run by hand: of a queue function a message that is in no queue, of a trigger
//! that nothing here listens to the input.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::{
    app::{DataType, Function, MessageEncoding},
    clock::NEVER,
    ids,
    queue_listener::{DataAndMetadata, InvalidMessage, queue_data},
    queues::Message,
};

/// `Data` of the envelope. An object arrives as it is; anything else as JSON text inside a JSON string, as the host writes
/// texts, numbers and lists; a binary binding gets base64.
pub(crate) fn data(function: &Function, input: &Value) -> Map<String, Value> {
    let value = match (function.trigger.data_type, input) {
        (DataType::Binary | DataType::Stream, _) => Value::from(STANDARD.encode(text(input))),
        (_, Value::Object(_)) => input.clone(),
        (_, input) => Value::from(input.to_string()),
    };
    Map::from_iter([(function.trigger.binding.clone(), value)])
}

/// The text that a queue would hold if the input were put into it.
pub(crate) fn queue_text(input: &Value, encoding: MessageEncoding) -> String {
    match encoding {
        MessageEncoding::Base64 => STANDARD.encode(text(input)),
        MessageEncoding::None => text(input),
    }
}

/// `Data` and `Metadata` of a queue function for a message of this text, at its first delivery.
///
/// # Errors
/// A text that the function cannot read.
pub(crate) fn message(
    function: &Function,
    text: String,
    encoding: MessageEncoding,
    now: DateTime<Utc>,
) -> Result<DataAndMetadata, InvalidMessage> {
    let message = Message {
        id: ids::random(),
        pop_receipt: String::new(),
        dequeue_count: 0,
        inserted_at: now,
        expires_at: NEVER,
        next_visible_at: NEVER,
        text,
    };
    queue_data(function, &message, encoding)
}

fn text(input: &Value) -> String {
    input.as_str().map_or_else(|| input.to_string(), str::to_owned)
}
