//! Texts in quotes.

use super::{JsonError, cursor::Reader};

/// Reads a text that begins with its quotation mark. Line breaks may stand in it; a half of a surrogate pair becomes
/// U+FFFD.
pub(super) fn read(reader: &mut Reader<'_>, quote: char) -> Result<String, JsonError> {
    reader.next();
    let mut out = String::new();
    loop {
        let Some(char) = reader.next() else {
            return Err(
                reader.fault(format!("the text ends within quotation marks; close them with {quote}"))
            );
        };
        match char {
            '\\' => escaped(reader, &mut out)?,
            char if char == quote => return Ok(out),
            char => out.push(char),
        }
    }
}

fn escaped(reader: &mut Reader<'_>, out: &mut String) -> Result<(), JsonError> {
    let char = match reader.peek() {
        Some('b') => '\u{8}',
        Some('t') => '\t',
        Some('n') => '\n',
        Some('f') => '\u{c}',
        Some('r') => '\r',
        Some(same @ ('\\' | '"' | '\'' | '/')) => same,
        Some('u') => {
            reader.next();
            return unicode(reader, out);
        }
        Some(other) => {
            return Err(reader.fault(format!("\\{other} is no escape; write two backslashes for one")));
        }
        None => return Err(reader.fault("the text ends after a backslash")),
    };
    reader.next();
    out.push(char);
    Ok(())
}

/// One or several escaped UTF-16 units.
fn unicode(reader: &mut Reader<'_>, out: &mut String) -> Result<(), JsonError> {
    let mut units = vec![unit(reader)?];
    while units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) && reader.rest().starts_with("\\u")
    {
        reader.next();
        reader.next();
        units.push(unit(reader)?);
    }
    out.push_str(&String::from_utf16_lossy(&units));
    Ok(())
}

fn unit(reader: &mut Reader<'_>) -> Result<u16, JsonError> {
    let digits = reader.rest().get(..4).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let unit = unit.ok_or_else(|| reader.fault("\\u needs four hexadecimal digits"))?;
    for _ in 0..4 {
        reader.next();
    }
    Ok(unit)
}
