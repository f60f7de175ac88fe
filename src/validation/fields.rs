//! Reads the members of a JSON object by name and type, and notes everything that is wrong on the way.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    limits::LIMITS,
    orders::hyphenated,
    problem::{FieldCode, FieldFault, FieldFaults},
};

/// Faults found so far.
#[derive(Default)]
pub(super) struct Faults(Vec<FieldFault>);

impl Faults {
    pub(super) fn add(&mut self, pointer: String, code: FieldCode) {
        self.0.push(FieldFault::new(pointer, code));
    }

    /// Whether the form is right.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Faults> for FieldFaults {
    fn from(faults: Faults) -> Self {
        Self::new(faults.0)
    }
}

/// The members of one object, taken out one by one; what is left at the end was not asked for.
pub(super) struct Fields<'f> {
    members: Map<String, Value>,
    pointer: String,
    faults: &'f mut Faults,
}

impl<'f> Fields<'f> {
    /// The members of `value`, which stands at `pointer`; none when it is no object.
    pub(super) fn of(value: Value, pointer: String, faults: &'f mut Faults) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { members, pointer, faults });
        }
        faults.add(pointer, FieldCode::Type);
        None
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.required(name)? {
            Value::String(text) => Some(text),
            _ => self.wrong(name, FieldCode::Type),
        }
    }

    /// A text that may be absent or null.
    pub(super) fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.members.shift_remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => self.wrong(name, FieldCode::Type),
        }
    }

    /// A whole number that has to be there.
    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        let Value::Number(number) = self.required(name)? else { return self.wrong(name, FieldCode::Type) };
        match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Some(integer),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() >= 1e18 => {
                self.wrong(name, FieldCode::Range)
            }
            _ => self.wrong(name, FieldCode::Type),
        }
    }

    /// A boolean that may be absent.
    pub(super) fn optional_flag(&mut self, name: &str) -> Option<bool> {
        match self.members.shift_remove(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong(name, FieldCode::Type),
        }
    }

    /// An object that has to be there; `read` takes what it wants of it.
    pub(super) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        let value = self.required(name)?;
        let pointer = format!("{}/{}", self.pointer, escaped(name));
        let mut fields = Fields::of(value, pointer, self.faults)?;
        let read = read(&mut fields);
        fields.finish();
        Some(read)
    }

    /// A UUID that has to be there, in its hyphenated form.
    pub(super) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let text = self.text(name)?;
        hyphenated(&text).or_else(|| self.wrong(name, FieldCode::Pattern))
    }

    /// A list that has to be there, of so many items at most; `read` takes each item that is an object, and none of a
    /// list that is too long.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl Fn(&mut Fields<'_>) -> T,
    ) -> Option<Vec<Option<T>>> {
        let Value::Array(items) = self.required(name)? else { return self.wrong(name, FieldCode::Type) };
        if items.len() > most {
            return self.wrong(name, FieldCode::Length);
        }
        let read_item = |(index, item)| {
            let pointer = format!("{}/{}/{index}", self.pointer, escaped(name));
            let mut fields = Fields::of(item, pointer, self.faults)?;
            let read = read(&mut fields);
            fields.finish();
            Some(read)
        };
        Some(items.into_iter().enumerate().map(read_item).collect())
    }

    /// Notes every member that was not asked for; one with a long name at the object that holds it.
    pub(super) fn finish(self) {
        for name in self.members.keys() {
            let pointer = if name.len() > LIMITS.forms.told_name {
                self.pointer.clone()
            } else {
                format!("{}/{}", self.pointer, escaped(name))
            };
            self.faults.add(pointer, FieldCode::UnknownField);
        }
    }

    fn required(&mut self, name: &str) -> Option<Value> {
        let value = self.members.shift_remove(name);
        if value.is_none() { self.wrong(name, FieldCode::Required) } else { value }
    }

    pub(super) fn wrong<T>(&mut self, name: &str, code: FieldCode) -> Option<T> {
        self.faults.add(format!("{}/{}", self.pointer, escaped(name)), code);
        None
    }
}

/// A member's name within a pointer ([RFC 6901 §3](https://www.rfc-editor.org/rfc/rfc6901#section-3)).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
