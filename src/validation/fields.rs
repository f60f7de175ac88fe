//! Reads the members of a JSON object by name and type, and notes everything that is wrong on the way.

use std::fmt::Display;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    limits::LIMITS,
    orders::{money::RangeError, parse_uuid},
    problem::{FieldCode, FieldError, FieldErrors},
};

/// The field errors found so far.
#[derive(Default)]
pub(super) struct ErrorCollector(Vec<FieldError>);

impl ErrorCollector {
    pub(super) fn add(&mut self, pointer: String, code: FieldCode, detail: String) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    /// Whether no error was found so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<ErrorCollector> for FieldErrors {
    fn from(errors: ErrorCollector) -> Self {
        Self::new(errors.0)
    }
}

/// The members of one object, read one by one; the members that are left at the end are unknown.
pub(super) struct Fields<'f> {
    members: Map<String, Value>,
    pointer: String,
    errors: &'f mut ErrorCollector,
}

impl<'f> Fields<'f> {
    /// The members of `value`, whose JSON pointer is `pointer` and whose name in messages is `what`; none when it is
    /// no object.
    pub(super) fn new(
        value: Value,
        pointer: String,
        what: &str,
        errors: &'f mut ErrorCollector,
    ) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { members, pointer, errors });
        }
        errors.add(pointer, FieldCode::Type, format!("{what} must be a JSON object."));
        None
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.required(name)? {
            Value::String(text) => Some(text),
            _ => self.add_error(name, FieldCode::Type, "must be a string"),
        }
    }

    /// A text that may be absent or null.
    pub(super) fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.members.shift_remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => self.add_error(name, FieldCode::Type, "must be a string, null or absent"),
        }
    }

    /// A whole number that has to be there. A number beyond `i64` is outside of every `range`.
    pub(super) fn integer(&mut self, name: &str, range: RangeError) -> Option<i64> {
        let Value::Number(number) = self.required(name)? else {
            return self.add_error(name, FieldCode::Type, INTEGER);
        };
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Some(integer),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() >= 1e18 => {
                self.add_error(name, FieldCode::Range, range)
            }
            _ => self.add_error(name, FieldCode::Type, INTEGER),
        }
    }

    /// A boolean that may be absent.
    pub(super) fn optional_bool(&mut self, name: &str) -> Option<bool> {
        match self.members.shift_remove(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.add_error(name, FieldCode::Type, "must be true or false, or absent"),
        }
    }

    /// A required object; `read` takes its members.
    pub(super) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        let value = self.required(name)?;
        let pointer = format!("{}/{}", self.pointer, escape_pointer(name));
        let mut fields = Fields::new(value, pointer, &format!("`{name}`"), self.errors)?;
        let read = read(&mut fields);
        fields.reject_unknown();
        Some(read)
    }

    /// A UUID that has to be there, in its hyphenated form.
    pub(super) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let text = self.text(name)?;
        let form = "must be a UUID such as `0197a3c5-7b1e-7c3a-9f00-0123456789ab`";
        parse_uuid(&text).or_else(|| self.add_error(name, FieldCode::Pattern, form))
    }

    /// A required list of at most this many items; `read` takes each item that is an object, and none of a list that
    /// is too long.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl Fn(&mut Fields<'_>) -> T,
    ) -> Option<Vec<Option<T>>> {
        let Value::Array(items) = self.required(name)? else {
            return self.add_error(name, FieldCode::Type, "must be an array");
        };
        if items.len() > most {
            return self.add_error(name, FieldCode::Length, must_have_items(most));
        }
        let what = format!("Each item of `{name}`");
        let read_item = |(index, item)| {
            let pointer = format!("{}/{}/{index}", self.pointer, escape_pointer(name));
            let mut fields = Fields::new(item, pointer, &what, self.errors)?;
            let read = read(&mut fields);
            fields.reject_unknown();
            Some(read)
        };
        Some(items.into_iter().enumerate().map(read_item).collect())
    }

    /// Reports every unknown member; one with a long name at the object that contains it.
    pub(super) fn reject_unknown(self) {
        for name in self.members.keys() {
            let pointer = if name.len() > LIMITS.json_body.max_echoed_name_bytes {
                self.pointer.clone()
            } else {
                format!("{}/{}", self.pointer, escape_pointer(name))
            };
            self.errors.add(
                pointer,
                FieldCode::UnknownField,
                "This field is not known. Remove it.".to_owned(),
            );
        }
    }

    fn required(&mut self, name: &str) -> Option<Value> {
        let value = self.members.shift_remove(name);
        if value.is_none() { self.add_error(name, FieldCode::Required, "is required") } else { value }
    }

    /// Notes a wrong member; `rule` follows on its name.
    pub(super) fn add_error<T>(&mut self, name: &str, code: FieldCode, rule: impl Display) -> Option<T> {
        self.errors.add(format!("{}/{}", self.pointer, escape_pointer(name)), code, sentence(name, rule));
        None
    }
}

const INTEGER: &str = "must be an integer";

/// The sentence about a wrong member: its name, and the rule that it breaks.
pub(super) fn sentence(name: &str, rule: impl Display) -> String {
    format!("`{name}` {rule}.")
}

/// The rule for a list that may not be empty.
pub(super) fn must_have_items(most: usize) -> String {
    format!("must have 1 to {most} items")
}

/// A member's name within a pointer ([RFC 6901 §3](https://www.rfc-editor.org/rfc/rfc6901#section-3)).
fn escape_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
