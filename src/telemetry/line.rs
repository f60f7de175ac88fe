//! One log line.

use azure_functions_handler::event::Kind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serializer as _, ser::SerializeMap as _};
use serde_json::{Serializer, Value};
use tracing::Level;

/// Most lines are shorter.
const TYPICAL_LINE_BYTES: usize = 512;

/// A log line with its line feed: one JSON object. No text in it can begin a new line, and no field replaces one of
/// the first members.
pub(crate) fn line(
    now: DateTime<Utc>,
    level: Level,
    message: &str,
    fields: &[(&'static str, Value)],
) -> Vec<u8> {
    let timestamp = now.to_rfc3339_opts(SecondsFormat::Micros, true);
    let first = [("timestamp", &*timestamp), ("level", level.as_str()), ("message", message)];
    let mut line = Vec::with_capacity(TYPICAL_LINE_BYTES);
    let written = (|| {
        let mut writer = Serializer::new(&mut line);
        let mut object = writer.serialize_map(None)?;
        for (name, value) in &first {
            object.serialize_entry(name, value)?;
        }
        for (name, value) in fields.iter().filter(|(name, _)| first.iter().all(|(known, _)| known != name)) {
            object.serialize_entry(name, value)?;
        }
        object.end()
    })();
    written.expect("a vector takes everything, and every key is text");
    line.push(b'\n');
    line
}

/// A line of a kind that no filter suppresses, with a value for each of its fields.
pub(super) fn kind_line<const N: usize>(now: DateTime<Utc>, kind: &Kind, values: [Value; N]) -> Vec<u8> {
    let event = ("event", Value::from(kind.name));
    let fields = kind.fields.iter().copied().zip(values);
    let fields: Vec<_> = [event].into_iter().chain(fields).collect();
    line(now, kind.level, kind.message, &fields)
}
