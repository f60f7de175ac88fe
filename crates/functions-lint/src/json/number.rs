//! Numbers: decimal, and as in JavaScript hexadecimal with `0x` and octal with a leading zero.

use serde_json::{Number, Value};

use super::{
    JsonError,
    cursor::{self, Reader},
};

/// Digits beyond which Json.NET refuses an integer.
const LONGEST: usize = 380;

/// Reads a number. Reads a number; a number that fits neither a 64-bit integer nor a finite float becomes its text,
/// because the host turns every scalar into a text.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Value, JsonError> {
    let position = reader.position();
    if reader.rest().starts_with("-I") {
        reader.next();
        let word = reader.take_while(char::is_alphanumeric);
        let known = word == "Infinity";
        return known
            .then(|| Value::String("-Infinity".to_owned()))
            .ok_or_else(|| cursor::fault(position, format!("-{word} is not a number")));
    }
    let text =
        reader.take_while(|char| char.is_ascii_hexdigit() || matches!(char, '-' | '+' | 'x' | 'X' | '.'));
    let ends = reader
        .peek()
        .is_none_or(|next| next.is_whitespace() || matches!(next, ',' | '}' | ']' | ')' | '/' | '\0'));
    let number = if ends { parsed(text) } else { None };
    number.ok_or_else(|| cursor::fault(position, format!("{text} is not a number; put a text in quotes")))
}

fn parsed(text: &str) -> Option<Value> {
    if let Some(rest) =
        text.strip_prefix('0').filter(|rest| !rest.is_empty() && !rest.starts_with(['.', 'e', 'E']))
    {
        let (digits, radix) = match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (rest, 8),
        };
        return unsigned(digits, radix).map(Value::from);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = text.parse::<i64>().map(Value::from).ok();
        return whole.or_else(|| (text.len() <= LONGEST).then(|| Value::String(text.to_owned())));
    }
    let is_float =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    let float: f64 = Some(text).filter(|text| is_float && !text.starts_with('+'))?.parse().ok()?;
    Some(Number::from_f64(float).map_or_else(|| Value::String(super::float(float)), Value::Number))
}

/// As `Convert.ToInt64` reads other bases: 64 bits, the highest one a sign.
fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    if !digits.chars().all(|char| char.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(u64::cast_signed)
}
