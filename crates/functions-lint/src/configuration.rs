//! host.json as the host's configuration holds it: names are compared ignoring case, and every scalar is a text
//! (HostJsonFileConfigurationSource.cs; `ConfigurationBinder` of .NET).

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::{json, time_span::TimeSpan, values};

/// Lays members of one object whose names differ in case alone over each other, the later ones above, and writes the empty
/// text for null.
#[must_use]
pub(crate) fn normalized(value: Value) -> Value {
    match value {
        Value::Null => Value::String(String::new()),
        Value::Array(items) => items.into_iter().map(normalized).collect(),
        Value::Object(members) => {
            let mut out = Map::new();
            for (name, value) in members {
                let known = out.keys().find(|known| known.eq_ignore_ascii_case(&name)).cloned();
                match known.and_then(|known| out.get_mut(&known)) {
                    Some(slot) => merge_over(slot, normalized(value)),
                    None => drop(out.insert(name, normalized(value))),
                }
            }
            Value::Object(out)
        }
        scalar => scalar,
    }
}

/// A value below `json`, found ignoring case.
pub(crate) fn member<'a>(json: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let found = path.iter().try_fold(json, |value, name| {
        let members = value.as_object()?;
        members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    });
    found.filter(|value| !value.is_null())
}

/// Whether the configuration sees a value: an object or list without one in it makes no key.
pub(crate) fn has_values(value: Option<&Value>) -> bool {
    match value {
        None => false,
        Some(Value::Object(members)) => members.values().any(|value| has_values(Some(value))),
        Some(Value::Array(items)) => items.iter().any(|value| has_values(Some(value))),
        Some(_) => true,
    }
}

fn merge_over(slot: &mut Value, above: Value) {
    match (slot, above) {
        (Value::Object(below), Value::Object(above)) => {
            let all = std::mem::take(below).into_iter().chain(above);
            let mut out = Map::new();
            for (name, value) in all {
                let known = out.keys().find(|known: &&String| known.eq_ignore_ascii_case(&name)).cloned();
                match known.and_then(|known| out.get_mut(&known)) {
                    Some(slot) => merge_over(slot, value),
                    None => drop(out.insert(name, value)),
                }
            }
            *below = out;
        }
        (Value::Array(below), Value::Array(above)) => {
            for (at, value) in above.into_iter().enumerate() {
                match below.get_mut(at) {
                    Some(slot) => merge_over(slot, value),
                    None => below.push(value),
                }
            }
        }
        (slot, above) => *slot = above,
    }
}

/// A part of the configuration.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    value: Option<&'a Value>,
    path: Vec<String>,
}

/// A value that cannot be bound: the names that lead to it, and what it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidMember {
    /// The path in host.json.
    pub path: Vec<String>,
    /// What it must be, as the end of a sentence about it.
    pub must: String,
}

impl InvalidMember {
    /// The path with points between the names.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

impl<'a> Section<'a> {
    /// The whole of host.json.
    #[must_use]
    pub fn root(value: &'a Value) -> Self {
        Self { value: Some(value), path: Vec::new() }
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        let members = self.value?.as_object()?;
        members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The section at this name within this section.
    #[must_use]
    pub fn section(&self, name: &str) -> Self {
        Self { value: self.get(name), path: self.path_of(name) }
    }

    /// Whether there is any value in it; an empty object or list is none.
    #[must_use]
    pub fn exists(&self) -> bool {
        has_values(self.value)
    }

    /// The names of its members.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let members = self.value.and_then(Value::as_object);
        members.map(|members| members.keys().cloned().collect()).unwrap_or_default()
    }

    /// The values of a list, or of an object whose names are positions, in their sequence.
    #[must_use]
    pub fn items(&self, name: &str) -> Vec<Self> {
        let path = |at: String| [self.path_of(name), vec![at]].concat();
        match self.get(name) {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items.map(|(at, item)| Self { value: Some(item), path: path(at.to_string()) }).collect()
            }
            Some(Value::Object(members)) => {
                let members = members.iter();
                members.map(|(at, item)| Self { value: Some(item), path: path(at.clone()) }).collect()
            }
            _ => Vec::new(),
        }
    }

    fn path_of(&self, name: &str) -> Vec<String> {
        self.path.iter().cloned().chain([name.to_owned()]).collect()
    }

    /// The error for a member: its path, and what it must be.
    #[must_use]
    pub fn invalid_member(&self, name: &str, must: impl Display) -> InvalidMember {
        InvalidMember { path: self.path_of(name), must: must.to_string() }
    }

    /// A scalar as its text; none where there is none, or a list or an object.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(json::text)
    }

    /// A Boolean member; none where it is missing.
    ///
    /// # Errors
    /// When the member has any other text; null counts as the empty text.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, InvalidMember> {
        self.read(name, "true or false", values::parse_flag)
    }

    /// A time span.
    ///
    /// # Errors
    /// When the member has any other text, or a negative time span.
    pub fn span(&self, name: &str) -> Result<Option<TimeSpan>, InvalidMember> {
        self.read(name, "a time span like \"00:05:00\"", |text| {
            TimeSpan::parse(text).filter(|span| !span.is_negative())
        })
    }

    /// A whole number from `min` to `max`.
    ///
    /// # Errors
    /// When the member has any other text, or a number beyond the limits.
    pub fn integer(&self, name: &str, min: i32, max: i32) -> Result<Option<i32>, InvalidMember> {
        let wanted = format!("a whole number from {min} to {max}");
        self.read(name, &wanted, |text| {
            values::parse_integer(text).filter(|number| (min..=max).contains(number))
        })
    }

    /// The position of a member's value among `names`.
    ///
    /// # Errors
    /// Another text.
    pub fn variant_index(&self, name: &str, names: &[&str]) -> Result<Option<usize>, InvalidMember> {
        let must = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
        self.read(name, &must, |text| values::variant_index(text, names))
    }

    fn read<T>(
        &self,
        name: &str,
        must: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, InvalidMember> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| self.invalid_member(name, must))
    }

    /// The texts of a list: its scalars in their sequence, or one text that holds a JSON list. Any other text counts as
    /// an empty list (`GetArgumentList` in HttpWorkerOptionsSetup.cs).
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::String(text)) => {
                let list = json::Document::parse(text).map(|document| document.value());
                let items = list.ok().and_then(|list| list.as_array().cloned()).unwrap_or_default();
                items.iter().filter_map(json::text).collect()
            }
            Some(Value::Array(items)) => items.iter().filter_map(json::text).collect(),
            Some(Value::Object(members)) => members.values().filter_map(json::text).collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_differ_in_case_alone_are_one() {
        let host = json!({"Extensions": {"http": {"routePrefix": "a"}}, "extensions": {"HTTP": {"ROUTEPREFIX": "b"}, "x": null}});
        assert_eq!(normalized(host), json!({"Extensions": {"http": {"routePrefix": "b"}, "x": ""}}));
    }

    #[test]
    fn scalars_are_bound_from_their_texts() {
        let host = json!({"a": "True", "b": "0x10", "c": 7, "d": "", "e": [1, true, {"x": 1}, "t"], "f": "['x', 2]", "g": "x"});
        let root = Section::root(&host);
        assert_eq!(root.flag("A"), Ok(Some(true)));
        assert_eq!(root.integer("b", 1, 32), Ok(Some(16)));
        assert_eq!(root.span("c").unwrap().and_then(TimeSpan::duration).unwrap().as_secs(), 7 * 86_400);
        assert_eq!(root.flag("d").unwrap_err().must, "true or false");
        assert_eq!(root.integer("c", 1, 6).unwrap_err().name(), "c");
        assert_eq!(root.texts("e"), ["1", "True", "t"]);
        assert_eq!((root.texts("f"), root.texts("g")), (vec!["x".to_owned(), "2".to_owned()], vec![]));
    }
}
