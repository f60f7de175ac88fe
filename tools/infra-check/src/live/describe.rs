//! The expectations of assertions, in words.

use crate::assertions::Expectation;

pub(super) fn wanted(want: &Expectation) -> String {
    match want {
        Expectation::Bool(value) => value.to_string(),
        Expectation::Text(text) => format!("{text:?}"),
        Expectation::OneOf(texts) => format!("one of {texts:?}"),
        Expectation::AtLeast(number) => format!("at least {number}"),
        Expectation::AtMost(number) => format!("at most {number}"),
        Expectation::Absent => "nothing".to_owned(),
        Expectation::Present => "something".to_owned(),
        Expectation::Empty => "[]".to_owned(),
        Expectation::Filled => "a list of something".to_owned(),
        Expectation::List(texts) => format!("{texts:?}"),
        Expectation::Without(word) => format!("a list without {word:?}"),
        Expectation::Starts(text) => format!("{text:?} and more"),
        Expectation::Ends(text) => format!("something that ends with {text:?}"),
        Expectation::Avoids(words) => format!("none of {words:?}"),
        Expectation::Of(kind) => format!("the id of a {kind}"),
        Expectation::Companion(companion) => format!("a {} that points at it", companion.kind),
    }
}

/// Whether a text is what is wanted but for its case, which Azure does not keep.
pub(super) fn is_but_for_case(want: &Expectation, text: &str) -> bool {
    match want {
        Expectation::Text(wanted) => wanted.eq_ignore_ascii_case(text),
        Expectation::OneOf(texts) => texts.iter().any(|wanted| wanted.eq_ignore_ascii_case(text)),
        _ => false,
    }
}
