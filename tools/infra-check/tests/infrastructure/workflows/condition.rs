//! Conditions of steps, as far as our workflows use them.

use std::collections::BTreeMap;

/// Whether a step runs. Without a word about failures, only where nothing failed.
pub(super) fn holds(condition: &str, known: &BTreeMap<String, String>, failed: bool) -> bool {
    let about_failures = condition.contains("failure()") || condition.contains("success()");
    (about_failures || !failed) && any(condition.trim(), known, failed)
}

fn any(text: &str, known: &BTreeMap<String, String>, failed: bool) -> bool {
    split(text, "||")
        .into_iter()
        .any(|part| split(part, "&&").into_iter().all(|part| one(part, known, failed)))
}

fn one(text: &str, known: &BTreeMap<String, String>, failed: bool) -> bool {
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return any(inner, known, failed);
    }
    let value = |word: &str| match word.trim().strip_prefix('\'').and_then(|word| word.strip_suffix('\'')) {
        Some(literal) => literal.to_owned(),
        None => known.get(word.trim()).cloned().unwrap_or_else(|| panic!("{word} has no value")),
    };
    match text {
        "failure()" => failed,
        "success()" => !failed,
        _ => match (text.split_once("!="), text.split_once("==")) {
            (Some((left, right)), _) => value(left) != value(right),
            (_, Some((left, right))) => value(left) == value(right),
            _ => panic!("{text} is no condition that is known here"),
        },
    }
}

/// The parts between an operator that stands in no parentheses.
fn split<'a>(text: &'a str, operator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= from && text[at..].starts_with(operator) => {
                parts.push(text[from..at].trim());
                from = at + operator.len();
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

#[test]
fn conditions_are_evaluated_like_github() {
    let known =
        BTreeMap::from([("a.b", "x"), ("c.d", "")].map(|(name, value)| (name.to_owned(), value.to_owned())));
    for (condition, failed, want) in [
        ("a.b == 'x'", false, true),
        ("a.b == 'x'", true, false),
        ("failure() && a.b != 'y'", true, true),
        ("failure() && a.b != 'y'", false, false),
        ("failure() && c.d != '' && (a.b == 'x' || a.b == 'y')", true, false),
        ("failure() && c.d == '' && (a.b == 'z' || a.b == 'x')", true, true),
    ] {
        assert_eq!(holds(condition, &known, failed), want, "{condition}");
    }
}
