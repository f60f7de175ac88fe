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
        Expectation::EmptyList => "[]".to_owned(),
        Expectation::NonEmptyList => "a list of something".to_owned(),
        Expectation::ExactList(texts) => format!("{texts:?}"),
        Expectation::ListWithout(word) => format!("a list without {word:?}"),
        Expectation::StartsWith(text) => format!("{text:?} and more"),
        Expectation::EndsWith(text) => format!("something that ends with {text:?}"),
        Expectation::ContainsNone(words) => format!("none of {words:?}"),
        Expectation::ReferenceTo(kind) => format!("the id of a {kind}"),
        Expectation::ReferencedBy(companion) => format!("a {} that points at it", companion.kind),
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
