//! One log line.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::Level;

/// A log line with its line feed: one JSON object, in which no text can begin a line of its own.
pub(crate) fn line(
    now: DateTime<Utc>,
    level: Level,
    message: &str,
    fields: impl IntoIterator<Item = (String, Value)>,
) -> Vec<u8> {
    let mut object = Map::new();
    let reserved = |object: &mut Map<String, Value>| {
        object.insert("timestamp".to_owned(), now.to_rfc3339_opts(SecondsFormat::Micros, true).into());
        object.insert("level".to_owned(), level.as_str().into());
        object.insert("message".to_owned(), message.into());
    };
    // First, so that they stand first; again, so that no field of the same name replaces them.
    reserved(&mut object);
    object.extend(fields);
    reserved(&mut object);
    let mut line = Value::Object(object).to_string().into_bytes();
    line.push(b'\n');
    line
}
