//! What an expression comes to.

use std::fmt::Write as _;

/// A value before the deployment.
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
    /// What cannot be worked out, and why. An assertion about it fails.
    Unknown(String),
}

/// A string, of which parts may only be known to Azure; these stand in `‹…›`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Letters and symbols.
    pub text: String,
    /// Whether it holds no symbol.
    pub exact: bool,
}

impl Value {
    /// A string that is known to the letter.
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

    /// The letters of a string, symbols included.
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

    /// The value as an expression of Bicep; symbols become letters.
    #[must_use]
    pub fn to_bicep(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Text(text) => quoted(&text.text),
            Self::List(items) => {
                let lines = items.iter().fold(String::new(), |mut lines, item| {
                    let _ = writeln!(lines, "{}", item.to_bicep());
                    lines
                });
                format!("[\n{lines}]")
            }
            Self::Object(properties) => {
                let lines = properties.iter().fold(String::new(), |mut lines, (key, value)| {
                    let _ = writeln!(lines, "{}: {}", quoted(key), value.to_bicep());
                    lines
                });
                format!("{{\n{lines}}}")
            }
            Self::Unknown(_) => "unknown".to_owned(),
        }
    }
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "\\${");
    let text = text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    // The grammar takes two slashes right after the quote for a comment.
    text.strip_prefix("//").map_or_else(|| format!("'{text}'"), |rest| format!("'${{'/'}}/{rest}'"))
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
