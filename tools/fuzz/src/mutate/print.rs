//! Prints JSON as no library would: keys twice, odd spellings, numbers that no type holds.

use std::io::Write;

use fastrand::Rng;
use serde_json::Value;

/// Spellings of scalars; some are not even JSON.
const ODD_SCALARS: &[&str] = &[
    "1e400",
    "-0",
    "1E+2",
    "1.0",
    "2.0e0",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "1e-400",
    "01",
    "0x1",
    "+1",
    ".5",
    "NaN",
    "Infinity",
    "True",
    "undefined",
    "'a'",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"\\x41\"",
    "\"\t\"",
    "",
];

/// One in this many places is odd.
const RARITY: usize = 40;

/// The value, mostly.
pub(super) fn irregular(rng: &mut Rng, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    print(rng, value, &mut out);
    out
}

fn print(rng: &mut Rng, value: &Value, out: &mut Vec<u8>) {
    blank(rng, out);
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                comma(rng, index, out);
                print(rng, item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (index, (name, item)) in members.iter().enumerate() {
                comma(rng, index, out);
                member(rng, name, item, out);
                if rare(rng) {
                    out.push(b',');
                    member(rng, name, item, out);
                }
            }
            out.push(b'}');
        }
        Value::String(value) => text(rng, value, out),
        scalar if !rare(rng) => out.extend(scalar.to_string().bytes()),
        _ => out.extend(rng.choice(ODD_SCALARS).copied().unwrap_or_default().bytes()),
    }
    blank(rng, out);
}

fn member(rng: &mut Rng, name: &str, value: &Value, out: &mut Vec<u8>) {
    text(rng, name, out);
    out.push(b':');
    print(rng, value, out);
}

fn text(rng: &mut Rng, text: &str, out: &mut Vec<u8>) {
    match rng.usize(..RARITY) {
        0 => out.extend(rng.choice(ODD_SCALARS).copied().unwrap_or_default().bytes()),
        1 => {
            out.push(b'"');
            for unit in text.encode_utf16() {
                write!(out, "\\u{unit:04x}").expect("a vector takes all");
            }
            out.push(b'"');
        }
        _ => out.extend(Value::from(text).to_string().bytes()),
    }
}

fn comma(rng: &mut Rng, index: usize, out: &mut Vec<u8>) {
    if (index > 0) != (rng.usize(..RARITY * 8) == 0) {
        out.push(b',');
    }
}

fn blank(rng: &mut Rng, out: &mut Vec<u8>) {
    if rare(rng) {
        out.extend(rng.choice(["\n", "\t ", "\r\n", "\u{a0}", "//\n"]).unwrap_or_default().bytes());
    }
}

fn rare(rng: &mut Rng) -> bool {
    rng.usize(..RARITY) == 0
}
