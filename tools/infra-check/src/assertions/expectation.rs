//! The expected value of a property.

use crate::{
    deployment::Id,
    value::{Text, Value},
};

/// The forms of an expectation.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// True or false.
    Bool(bool),
    /// A string, exactly; `‹…›` in it is what only Azure knows.
    Text(&'static str),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// At least this number.
    AtLeast(i64),
    /// At most this number.
    AtMost(i64),
    /// Nothing there, or null.
    Absent,
    /// Any value, but it must exist.
    Present,
    /// A list of nothing.
    Empty,
    /// A list of something.
    Filled,
    /// A list of exactly these strings.
    List(&'static [&'static str]),
    /// A list in which this does not occur.
    Without(&'static str),
    /// A string that begins so and goes on.
    Starts(&'static str),
    /// A string that ends so.
    Ends(&'static str),
    /// A string that holds none of these.
    Avoids(&'static [&'static str]),
    /// The id or a property of a resource whose type, a blank and its name begin so.
    Of(&'static str),
    /// Another resource that points at this one.
    Companion(Companion),
}

/// A resource that has to point at each resource that a line is about.
#[derive(Debug, Clone, Copy)]
pub struct Companion {
    /// The type of the resource.
    pub kind: &'static str,
    /// The property by which it points, or `parent` or `scope`.
    pub by: &'static str,
    /// Further required properties of the resource.
    pub only: &'static [(&'static str, &'static str)],
}

/// Ids and names of `infra/variants`, which no real deployment has.
const MADE_UP: [&str; 8] = [
    "00000000-0000-4000-8000",
    "11111111-1111-4111-8111",
    "22222222-2222-4222-8222",
    "33333333-3333-4333-8333",
    "44444444-4444-4444-8444",
    "198.51.100.9",
    ".example",
    "example/",
];

/// Whether a text holds something that was made up for the variants.
pub(crate) fn is_made_up(text: &str) -> bool {
    MADE_UP.iter().any(|part| text.contains(part))
}

impl Expectation {
    /// The same where ids are Azure's own: a value that contains a made-up id of the variants only has to exist.
    #[must_use]
    pub fn for_ids(&self) -> Self {
        match self {
            Self::Of(_) => Self::Present,
            Self::Text(text) | Self::Starts(text) | Self::Ends(text) if is_made_up(text) => Self::Present,
            Self::List(texts) if texts.iter().any(|text| is_made_up(text)) => Self::Filled,
            want => want.clone(),
        }
    }

    /// Whether a value is as expected; the reason, if not. A value that cannot be evaluated never is.
    ///
    /// # Errors
    /// The reason.
    pub fn holds(&self, value: Option<&Value>) -> Result<(), String> {
        if let Some(why) = value.and_then(Value::unknown) {
            return Err(format!("cannot be worked out: {why}"));
        }
        let Some(value) = value else {
            return if matches!(self, Self::Absent) { Ok(()) } else { Err("is missing".to_owned()) };
        };
        let said = value.to_string();
        if self.accepts(value) { Ok(()) } else { Err(format!("is {said}")) }
    }

    fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bool(want), Value::Bool(value)) => want == value,
            (Self::Text(want), Value::Text(text)) => text.text == *want,
            (Self::OneOf(wants), Value::Text(text)) => text.exact && wants.contains(&text.text.as_str()),
            (Self::AtLeast(want), Value::Int(value)) => value >= want,
            (Self::AtMost(want), Value::Int(value)) => value <= want,
            (Self::Present, value) => *value != Value::Null,
            (Self::Empty, Value::List(items)) => items.is_empty(),
            (Self::Filled, Value::List(items)) => !items.is_empty(),
            (Self::List(wants), Value::List(items)) => {
                let texts: Option<Vec<_>> = items.iter().map(exact).collect();
                texts.is_some_and(|texts| texts == *wants)
            }
            (Self::Without(word), Value::List(items)) => {
                let texts: Option<Vec<_>> = items.iter().map(exact).collect();
                texts.is_some_and(|texts| !texts.contains(word))
            }
            (Self::Starts(want), Value::Text(text)) => {
                text.text.starts_with(want) && text.text.len() > want.len()
            }
            (Self::Ends(want), Value::Text(text)) => text.text.ends_with(want),
            (Self::Avoids(words), Value::Text(text)) => !words.iter().any(|word| text.text.contains(word)),
            (Self::Of(kind), Value::Text(text)) => Id::read(&text.text)
                .kind_and_name()
                .is_some_and(|(of, name)| format!("{of} {name}").starts_with(kind)),
            _ => false,
        }
    }

    /// A value that is wrong where this is wanted.
    #[must_use]
    pub fn opposite(&self) -> Value {
        match self {
            Self::Bool(want) => Value::Bool(!want),
            Self::AtLeast(least) => Value::Int(least - 1),
            Self::AtMost(most) => Value::Int(most + 1),
            Self::Present => Value::Null,
            Self::Empty => Value::List(vec![Value::exact("surplus")]),
            Self::Filled => Value::List(Vec::new()),
            Self::List(wants) => {
                let more = wants.iter().chain(&["surplus"]);
                Value::List(more.map(|text| Value::exact(*text)).collect())
            }
            Self::Without(word) => Value::List(vec![Value::exact(*word)]),
            Self::Avoids(words) => Value::exact(format!("x{}x", words.first().unwrap_or(&""))),
            Self::Text(_)
            | Self::OneOf(_)
            | Self::Absent
            | Self::Starts(_)
            | Self::Ends(_)
            | Self::Of(_)
            | Self::Companion(_) => Value::exact("opposite"),
        }
    }
}

fn exact(value: &Value) -> Option<&str> {
    match value {
        Value::Text(Text { text, exact: true }) => Some(text),
        _ => None,
    }
}
