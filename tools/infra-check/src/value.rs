//! The value of a property before the deployment.

use std::fmt;

mod path;

pub use path::{PathStep, steps};

/// The value of a resource property, as far as it is known before the deployment.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A string.
    Text(Text),
    /// A list.
    List(Vec<Value>),
    /// An object, in the sequence of the file.
    Object(Vec<(String, Value)>),
    /// The value cannot be evaluated, and why. An assertion about it fails.
    Unknown(String),
}

/// A string whose parts may be known only to Azure; these are in `‹…›`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Letters and symbols.
    pub text: String,
    /// Whether it holds no symbol.
    pub exact: bool,
}

impl Value {
    /// A string that is known exactly.
    #[must_use]
    pub fn exact(text: impl Into<String>) -> Self {
        Self::Text(Text { text: text.into(), exact: true })
    }

    /// A string that only Azure knows.
    #[must_use]
    pub fn symbol(text: &str) -> Self {
        Self::Text(Text { text: format!("‹{text}›"), exact: false })
    }

    /// The property of an object; `None` for what is no object or has none of the name. Null is as good as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(properties) = self else { return None };
        let found = properties.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// The characters of a string, symbols included.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(&text.text) } else { None }
    }

    /// The first reason why some part of it is unknown.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::List(items) => items.iter().find_map(Self::unknown),
            Self::Object(properties) => properties.iter().find_map(|(_, value)| value.unknown()),
            _ => None,
        }
    }
}

/// As JSON writes it; symbols count as characters.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Text(text) => write!(out, "{:?}", text.text),
            Self::List(items) => {
                out.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(out, "{}{item}", if place == 0 { "" } else { ", " })?;
                }
                out.write_str("]")
            }
            Self::Object(properties) => {
                out.write_str("{")?;
                for (place, (key, value)) in properties.iter().enumerate() {
                    write!(out, "{}{key:?}: {value}", if place == 0 { "" } else { ", " })?;
                }
                out.write_str("}")
            }
            Self::Unknown(why) => write!(out, "unknown ({why})"),
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => number
                .as_i64()
                .map_or_else(|| Self::Unknown(format!("{number} is no whole number")), Self::Int),
            serde_json::Value::String(text) => Self::exact(text),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(properties) => {
                Self::Object(properties.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}
