//! The expected value of a property.

use crate::{
    deployment::ResourceId,
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
    EmptyList,
    /// A list of something.
    NonEmptyList,
    /// A list of exactly these strings.
    ExactList(&'static [&'static str]),
    /// A list that does not contain this string.
    ListWithout(&'static str),
    /// A string that begins with this text and is longer.
    StartsWith(&'static str),
    /// A string that ends with this text.
    EndsWith(&'static str),
    /// A string that holds none of these.
    ContainsNone(&'static [&'static str]),
    /// The id or a property of another resource: its type, a blank and its name begin with this text.
    ReferenceTo(&'static str),
    /// Another resource that points at this one.
    ReferencedBy(ReferencingResource),
}

/// A resource that must refer to each resource that an assertion is about.
#[derive(Debug, Clone, Copy)]
pub struct ReferencingResource {
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
    /// The expectation for resources that Azure returns: a value that contains a made-up id of the variants only has to
    /// exist.
    #[must_use]
    pub fn for_live_resources(&self) -> Self {
        match self {
            Self::ReferenceTo(_) => Self::Present,
            Self::Text(text) | Self::StartsWith(text) | Self::EndsWith(text) if is_made_up(text) => {
                Self::Present
            }
            Self::ExactList(texts) if texts.iter().any(|text| is_made_up(text)) => Self::NonEmptyList,
            want => want.clone(),
        }
    }

    /// Whether a value is as expected; the reason, if not. A value that cannot be evaluated is never as expected.
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
            (Self::EmptyList, Value::List(items)) => items.is_empty(),
            (Self::NonEmptyList, Value::List(items)) => !items.is_empty(),
            (Self::ExactList(wants), Value::List(items)) => {
                let texts: Option<Vec<_>> = items.iter().map(exact).collect();
                texts.is_some_and(|texts| texts == *wants)
            }
            (Self::ListWithout(word), Value::List(items)) => {
                let texts: Option<Vec<_>> = items.iter().map(exact).collect();
                texts.is_some_and(|texts| !texts.contains(word))
            }
            (Self::StartsWith(want), Value::Text(text)) => {
                text.text.starts_with(want) && text.text.len() > want.len()
            }
            (Self::EndsWith(want), Value::Text(text)) => text.text.ends_with(want),
            (Self::ContainsNone(words), Value::Text(text)) => {
                !words.iter().any(|word| text.text.contains(word))
            }
            (Self::ReferenceTo(kind), Value::Text(text)) => ResourceId::parse(&text.text)
                .kind_and_name()
                .is_some_and(|(of, name)| format!("{of} {name}").starts_with(kind)),
            _ => false,
        }
    }

    /// A value that violates this expectation.
    #[must_use]
    pub fn opposite(&self) -> Value {
        match self {
            Self::Bool(want) => Value::Bool(!want),
            Self::AtLeast(least) => Value::Int(least - 1),
            Self::AtMost(most) => Value::Int(most + 1),
            Self::Present => Value::Null,
            Self::EmptyList => Value::List(vec![Value::exact("surplus")]),
            Self::NonEmptyList => Value::List(Vec::new()),
            Self::ExactList(wants) => {
                let more = wants.iter().chain(&["surplus"]);
                Value::List(more.map(|text| Value::exact(*text)).collect())
            }
            Self::ListWithout(word) => Value::List(vec![Value::exact(*word)]),
            Self::ContainsNone(words) => Value::exact(format!("x{}x", words.first().unwrap_or(&""))),
            Self::Text(_)
            | Self::OneOf(_)
            | Self::Absent
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::ReferenceTo(_)
            | Self::ReferencedBy(_) => Value::exact("opposite"),
        }
    }
}

fn exact(value: &Value) -> Option<&str> {
    match value {
        Value::Text(Text { text, exact: true }) => Some(text),
        _ => None,
    }
}
