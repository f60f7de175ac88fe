//! The types as the schema writes them: `string`, `A | B | string`, `Name[]`.

use super::Definition;
use crate::value::{Text, Value};

impl Definition {
    /// Holds a value against a written type.
    pub(super) fn kind(&self, kind: &str, value: &Value, path: &str, faults: &mut Vec<String>) {
        if let Some(why) = value.unknown() {
            faults.push(format!("`{path}` cannot be worked out: {why}"));
            return;
        }
        if let Some(of) = kind.strip_suffix("[]") {
            let of = of.strip_prefix('(').and_then(|of| of.strip_suffix(')')).unwrap_or(of);
            let Value::List(items) = value else {
                faults.push(format!("`{path}` is no list"));
                return;
            };
            for item in items {
                self.kind(of, item, path, faults);
            }
        } else if let Some(shape) = self.types.get(kind) {
            self.shape(shape, value, path, faults);
        } else if !is_of(kind, value) {
            faults.push(format!("`{path}` is {value}, not {kind}"));
        }
    }
}

/// Whether a plain value is of a plain type: a word of the language, or one of the strings that are written out. Where
/// strings are listed and any other is allowed too, only the listed ones pass: the others are for Azure to add, not
/// for us.
fn is_of(kind: &str, value: &Value) -> bool {
    let is_open = kind != "string" && kind.split(" | ").any(|one| one == "string");
    kind.split(" | ").any(|one| match (one, value) {
        ("string", Value::Text(_)) => !is_open,
        ("any", _)
        | ("int", Value::Int(_))
        | ("bool", Value::Bool(_))
        | ("object", Value::Object(_))
        | ("null", Value::Null) => true,
        (range, Value::Int(value)) if range.starts_with("int ") => is_within(range, *value),
        (word, Value::Text(Text { text, exact: true })) => word.trim_matches('\'') == text,
        _ => false,
    })
}

/// Whether a number is in a range as the schema writes it: `int 7..90`, one end or both.
fn is_within(range: &str, value: i64) -> bool {
    let ends = range.strip_prefix("int ").and_then(|ends| ends.split_once(".."));
    let Some((least, most)) = ends else { return false };
    let end = |text: &str, open: i64| if text.is_empty() { Some(open) } else { text.parse().ok() };
    end(least, i64::MIN).is_some_and(|least| least <= value)
        && end(most, i64::MAX).is_some_and(|most| value <= most)
}
