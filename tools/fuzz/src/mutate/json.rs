//! Variations of a JSON value that leave it one.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Texts that readers tend to disagree about.
pub(super) const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}txet",
    "\u{fffd}",
    "\u{ffff}",
    "e\u{301}",
    "\u{1f469}\u{200d}\u{1f680}",
    "\u{10ffff}",
    "ﬀ",
    "İ",
    "\r\n",
    "\t",
    "'; DROP TABLE x; --",
    "../..",
    "%00",
    "\\u0000",
    "null",
    "NaN",
    "1e400",
];

/// Changes something in a value, at any depth.
pub(super) fn vary(rng: &mut Rng, value: &mut Value, words: &[&str]) {
    let donor = {
        let mut index = rng.usize(..count(value));
        find(value, &mut index).map_or(Value::Null, |found| found.clone())
    };
    let mut index = rng.usize(..count(value));
    let Some(place) = find(value, &mut index) else { return };
    match (rng.u8(..5), &mut *place) {
        (0, _) => *place = scalar(rng, words),
        (1, _) => *place = donor,
        (2, _) => *place = nested(rng, place.take()),
        (_, Value::Object(members)) => vary_members(rng, members, words, donor),
        (_, Value::Array(items)) => vary_items(rng, items, donor),
        (_, Value::String(text)) => vary_text(rng, text, words),
        (_, Value::Number(number)) => {
            let number = number.as_i64().unwrap_or_default();
            let by = rng.choice([-1, 0, 1, 9, 1 << 31]).unwrap_or_default();
            *place = if rng.bool() { number.wrapping_add(by) } else { number.wrapping_mul(by) }.into();
        }
        (_, Value::Null | Value::Bool(_)) => *place = scalar(rng, words),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The value of this index, counted from the outermost.
fn find<'v>(value: &'v mut Value, index: &mut usize) -> Option<&'v mut Value> {
    if *index == 0 {
        return Some(value);
    }
    *index -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| find(item, index)),
        Value::Object(members) => members.values_mut().find_map(|item| find(item, index)),
        _ => None,
    }
}

fn scalar(rng: &mut Rng, words: &[&str]) -> Value {
    match rng.u8(..9) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.choice([0, 1, -1, 100, 101, 10_000, 10_001, i64::MAX, i64::MIN, 1 << 53]).into(),
        3 => rng.choice([0.5, 1.0, -0.0, 1e18, 1e19, 1e300, f64::MIN_POSITIVE, f64::MAX]).into(),
        4 => rng.choice(ODD_TEXTS).copied().into(),
        5 => rng.choice(["a", "é", "🫘"]).unwrap_or_default().repeat(rng.usize(60..600)).into(),
        6 => json!([]),
        7 => json!({}),
        _ => rng.choice(words).copied().into(),
    }
}

fn nested(rng: &mut Rng, inside: Value) -> Value {
    (0..rng.usize(1..40))
        .fold(inside, |inside, _| if rng.bool() { json!([inside]) } else { json!({"a": inside}) })
}

fn vary_members(rng: &mut Rng, members: &mut Map<String, Value>, words: &[&str], donor: Value) {
    let name = rng.choice(members.keys()).cloned().unwrap_or_default();
    match rng.u8(..5) {
        0 => drop(members.shift_remove(&name)),
        1 => {
            let mut renamed = name.clone();
            vary_text(rng, &mut renamed, words);
            if let Some(value) = members.shift_remove(&name) {
                members.insert(renamed, value);
            }
        }
        2 => {
            let word = rng.choice(words).copied().unwrap_or_default();
            members.insert(word.to_owned(), donor);
        }
        3 => {
            members.insert(name, scalar(rng, words));
        }
        _ => {
            let odd = rng.choice(ODD_TEXTS).copied().unwrap_or_default();
            members.insert(odd.to_owned(), donor);
        }
    }
}

fn vary_items(rng: &mut Rng, items: &mut Vec<Value>, donor: Value) {
    let at = rng.usize(..=items.len());
    match rng.u8(..4) {
        0 if at < items.len() => drop(items.remove(at)),
        1 => items.insert(at, donor),
        2 if items.len() < 600 => items.extend_from_within(at..),
        _ => items.reverse(),
    }
}

fn vary_text(rng: &mut Rng, text: &mut String, words: &[&str]) {
    if let Ok(mut inner) = serde_json::from_str::<Value>(text)
        && rng.bool()
    {
        vary(rng, &mut inner, words);
        *text = inner.to_string();
        return;
    }
    let mut letters: Vec<char> = text.chars().collect();
    let at = rng.usize(..=letters.len());
    match rng.u8(..6) {
        0 => letters.truncate(at),
        1 => drop(letters.splice(at..at, rng.choice(ODD_TEXTS).unwrap_or(&"").chars())),
        2 if at < letters.len() => letters[at] = rng.char(..),
        3 if at < letters.len() => drop(letters.remove(at)),
        4 if letters.len() < 2000 => letters.extend_from_within(at..),
        _ if rng.bool() => letters = text.to_uppercase().chars().collect(),
        _ => letters.splice(at..at, rng.choice(words).unwrap_or(&"").chars()).for_each(drop),
    }
    *text = letters.into_iter().collect();
}
