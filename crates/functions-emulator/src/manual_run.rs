//! What the worker gets of a function that is run by hand: for a trigger that nothing here listens to, the input is all
//! there is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::app::{DataType, Function};

/// `Data` of the envelope. An object arrives as it is; anything else as JSON text inside a JSON string, as the host writes
/// texts, numbers and lists; a binary binding gets base64.
pub(crate) fn data(function: &Function, input: &Value) -> Map<String, Value> {
    let text = || input.as_str().map_or_else(|| input.to_string(), str::to_owned);
    let value = match (function.trigger.data_type, input) {
        (DataType::Binary | DataType::Stream, _) => Value::from(STANDARD.encode(text())),
        (_, Value::Object(_)) => input.clone(),
        (_, input) => Value::from(input.to_string()),
    };
    Map::from_iter([(function.trigger.binding.clone(), value)])
}
