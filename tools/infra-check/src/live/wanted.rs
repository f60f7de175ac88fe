//! What the table wants, in words.

use crate::assertions::Want;

pub(super) fn wanted(want: &Want) -> String {
    match want {
        Want::Bool(value) => value.to_string(),
        Want::Text(text) => format!("{text:?}"),
        Want::OneOf(texts) => format!("one of {texts:?}"),
        Want::AtLeast(number) => format!("at least {number}"),
        Want::AtMost(number) => format!("at most {number}"),
        Want::Absent => "nothing".to_owned(),
        Want::Present => "something".to_owned(),
        Want::Empty => "[]".to_owned(),
        Want::Filled => "a list of something".to_owned(),
        Want::List(texts) => format!("{texts:?}"),
        Want::Without(word) => format!("a list without {word:?}"),
        Want::Starts(text) => format!("{text:?} and more"),
        Want::Ends(text) => format!("something that ends with {text:?}"),
        Want::Avoids(words) => format!("none of {words:?}"),
        Want::Of(kind) => format!("the id of a {kind}"),
        Want::Companion(companion) => format!("a {} that points at it", companion.kind),
    }
}

/// Whether a text is what is wanted but for its case, which Azure does not keep.
pub(super) fn is_but_for_case(want: &Want, text: &str) -> bool {
    match want {
        Want::Text(wanted) => wanted.eq_ignore_ascii_case(text),
        Want::OneOf(texts) => texts.iter().any(|wanted| wanted.eq_ignore_ascii_case(text)),
        _ => false,
    }
}
