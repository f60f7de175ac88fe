//! One log line.

use azure_functions_handler::event::Kind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use tracing::Level;

use super::fields::Fields;

/// Most lines are shorter.
const TYPICAL_LINE_BYTES: usize = 512;

/// The first members of every line, which no field replaces.
const FIRST: [&str; 3] = ["timestamp", "level", MESSAGE];
pub(super) const MESSAGE: &str = "message";

/// A log line with its line feed: one JSON object. No text in it can begin a new line, and no field replaces one of
/// the first members.
pub(crate) fn line(
    now: DateTime<Utc>,
    level: Level,
    message: &str,
    fields: &[(&'static str, Value)],
) -> Vec<u8> {
    let mut all = Fields::default();
    for (name, value) in fields {
        all.insert(name, value);
    }
    all.insert(MESSAGE, message);
    let mut line = Vec::with_capacity(TYPICAL_LINE_BYTES);
    write_line(&mut line, now, level, &all);
    line
}

/// Writes the line of an event, whose message is one of its fields.
pub(super) fn write_line(line: &mut Vec<u8>, now: DateTime<Utc>, level: Level, fields: &Fields) {
    let mut write = |text: &[u8]| line.extend_from_slice(text);
    write(b"{\"timestamp\":\"");
    write(now.to_rfc3339_opts(SecondsFormat::Micros, true).as_bytes());
    write(b"\",\"level\":\"");
    write(level.as_str().as_bytes());
    write(b"\",\"message\":");
    match fields.json(MESSAGE) {
        None => write(b"\"\""),
        Some(text) if text.starts_with(b"\"") => write(text),
        // A number or a truth.
        Some(other) => [b"\"", other, b"\""].into_iter().for_each(&mut write),
    }
    for (name, json) in fields.iter().filter(|(name, _)| !FIRST.contains(name)) {
        // A name is a word of the code, which needs no escape.
        [b",\"", name.as_bytes(), b"\":", json].into_iter().for_each(&mut write);
    }
    write(b"}\n");
}

/// A line of a kind that no filter suppresses, with a value for each of its fields.
pub(super) fn kind_line<const N: usize>(now: DateTime<Utc>, kind: &Kind, values: [Value; N]) -> Vec<u8> {
    let event = ("event", Value::from(kind.name));
    let fields = kind.fields.iter().copied().zip(values);
    let fields: Vec<_> = [event].into_iter().chain(fields).collect();
    line(now, kind.level, kind.message, &fields)
}
